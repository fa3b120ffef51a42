// Resolves host names without making an executor wait for a name server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/event_loop.hpp"

namespace wallaroo::internal {

/// Looks the host up on the calling thread, which may take seconds for a name. Throws IoError when
/// it is not found.
std::vector<SocketAddress> resolve_now(const HostPort& host_port);

/// The result of a lookup: addresses in the order in which to try them, or none and an error.
struct Resolved {
  std::vector<SocketAddress> addresses;
  std::string error;
};

/// A lookup under way. Destroying it, or assigning another, cancels it: its callback is then never
/// called. Must be destroyed before its loop.
class Resolution {
 public:
  using Callback = std::function<void(Resolved)>;

  Resolution() = default;
  /// Calls `done` once, from a later `poll` of the loop: from the next one for a numeric host,
  /// otherwise when a helper thread has asked the system. The thread outlives a cancelled lookup,
  /// because the system's resolver cannot be interrupted, and then drops its result.
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
