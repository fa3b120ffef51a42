// Host names to addresses, without making an executor wait for a name server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/event_loop.hpp"

namespace wallaroo::internal {

/// Looks the host up on the calling thread, which may take seconds for a name. Throws IoError.
std::vector<SocketAddress> resolve_now(const HostPort& host_port);

/// What a lookup found: addresses in the order to try them, or none and an error.
struct Resolved {
  std::vector<SocketAddress> addresses;
  std::string error;
};

/// A lookup under way. Destroying it (or assigning another) cancels it: its callback is then never
/// called. It must go before its loop.
class Resolution {
 public:
  using Callback = std::function<void(Resolved)>;

  Resolution() = default;
  /// Calls `done` once, from a later `poll` of the loop: the next one for a numeric host, otherwise
  /// when a thread of its own has asked the system. That thread outlives a cancelled lookup, as the
  /// system's resolver cannot be interrupted, and then drops its result.
  Resolution(const HostPort& host_port, EventLoop& loop, Callback done);
  Resolution(Resolution&&) noexcept = default;
  Resolution& operator=(Resolution&& other) noexcept;
  ~Resolution();

  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wallaroo::internal
