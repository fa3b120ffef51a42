// Takes new connections of a TCP source and deals them to the executors.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "io/event_loop.hpp"
#include "io/socket.hpp"
#include "source/source.hpp"
#include "source/tcp/tcp_shared.hpp"

namespace wallaroo::internal {

/// Lives on one executor. Every connection goes to the next executor in turn, beginning with its
/// own.
class TcpAcceptor final : public ReadyHandler {
 public:
  TcpAcceptor(std::shared_ptr<TcpShared> shared, const ReaderContext& context);
  ~TcpAcceptor() override;

  void start();
  /// Closes the listening socket; peers that were not accepted are refused.
  void stop();
  /// Accepts waiting connections up to a bound, and the rest in the loop's next poll.
  void accept_waiting();
  /// Set once no connection can ever be accepted again: the reason.
  const std::optional<std::string>& failure() const { return failure_; }

  void on_ready(std::uint32_t events) override;

 private:
  bool at_maximum();
  /// Returns false if there is nothing more to accept now.
  bool accept_one();
  bool after_error(int error);
  void pause(int error);
  void deal(Accepted accepted);
  bool may_warn(std::int64_t& last_ns);

  std::shared_ptr<TcpShared> shared_;
  ReaderContext context_;
  std::size_t next_executor_;
  EventLoop::TimerId retry_ = 0;  // set while accepting pauses
  std::optional<std::string> failure_;
  std::int64_t last_full_warning_ns_ = never;
  std::int64_t last_pause_warning_ns_ = never;

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
};

}  // namespace wallaroo::internal
