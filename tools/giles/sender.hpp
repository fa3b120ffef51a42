#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "giles/framing.hpp"
#include "giles/latency_histogram.hpp"
#include "giles/message_source.hpp"
#include "giles/net.hpp"
#include "giles/outgoing.hpp"
#include "giles/poller.hpp"
#include "giles/progress.hpp"
#include "giles/schedule.hpp"
#include "giles/stop.hpp"

namespace wallaroo::giles {

inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct SendPlan {
  Address host;
  std::uint64_t connections = 1;
  std::uint64_t connect_timeout_ns = 10'000'000'000;
  std::uint64_t close_timeout_ns = 1'000'000'000;
  Framing framing;                   // of the messages that make_lanes gives
  std::uint64_t total = kUnlimited;  // messages, over all connections
  std::optional<Schedule> schedule;  // none: as fast as the peer takes them
  // Every message leaves as soon as it is due. Otherwise those due within a short while leave
  // together, which costs far less CPU.
  bool punctual = false;
  std::uint64_t spin_ns = 0;  // how long before a message is due to wait awake instead of asleep
  bool quiet = false;
  // One lane per connection; called once, with the time (now_ns) at which the schedule starts.
  std::function<Lanes(std::uint64_t start_ns)> make_lanes;
};

struct SendResult {
  std::uint64_t messages = 0;  // that were handed to the kernel whole
  std::uint64_t bytes = 0;
  std::uint64_t duration_ns = 0;
  bool stopped = false;                // by request, before everything was sent
  std::uint64_t cut_connections = 0;   // that ended inside a message
  std::optional<std::string> failure;  // why not everything was sent or read by the peer
  LatencyHistogram lag;                // how late the sender itself was; empty unless punctual
};

// Sends the messages of a plan: one thread, all connections, nothing ever blocks but the wait.
class Sender {
 public:
  Sender(SendPlan plan, const StopRequest& stop) : plan_(std::move(plan)), stop_(stop) {}

  // Opens all connections. Returns false when a stop was requested first. Throws RuntimeError.
  bool connect();

  // Call once, after connect(). Ends when all is sent, a connection fails, or a stop is requested.
  // In each case the peers are told that no more will come, and are given close_timeout_ns to
  // close as well; a reset in that time is a failure, because it means that data was not read.
  SendResult run();

 private:
  void start();
  void send_until_done();
  std::uint64_t due_total(std::uint64_t now);
  void pump(std::uint64_t due);
  void wait(std::uint64_t now, std::uint64_t due);
  std::uint64_t wait_ns(std::uint64_t now, std::uint64_t due) const;
  bool take_events(std::uint64_t timeout_ns);
  void check_peer(Outgoing& outgoing);
  bool all_sent() const;
  void finish_records_begun();
  void say_goodbye();
  void fail(const Outgoing& outgoing, const std::string& what);
  void collect();

  SendPlan plan_;
  const StopRequest& stop_;
  std::vector<UniqueFd> sockets_;
  std::vector<Outgoing> outgoing_;
  Poller poller_;
  std::uint64_t start_ns_ = 0;
  std::uint64_t due_before_ = 0;
  std::optional<Progress> progress_;
  SendResult result_;
};

}  // namespace wallaroo::giles
