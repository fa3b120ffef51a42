// Decides which endpoint of etcd is asked, when a connection is given up, and which calls then have
// no answer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"

namespace wallaroo::internal::cluster {

/// These decisions are what the holder of a connection does. It carries them out in their order.
namespace exchange {

/// Connect to the endpoint (answer: `on_connected`, `on_broken`).
struct Dial {
  std::size_t endpoint = 0;
};
/// Send the call's request (answer: `on_part`, `on_answered`, `on_broken`).
struct Send {
  std::uint64_t call = 0;
};
/// Forget the connection, or the attempt to make one. No answer.
struct Close {};
/// The call has no answer. No answer to this.
struct Fail {
  std::uint64_t call = 0;
  std::string reason;  ///< "etcd at 10.0.0.1:2379 does not answer within 1000 ms"
};

}  // namespace exchange

using ExchangeDecision =
    std::variant<exchange::Dial, exchange::Send, exchange::Close, exchange::Fail>;
using ExchangeDecisions = std::vector<ExchangeDecision>;

struct ExchangeConfig {
  std::vector<std::string> endpoints;  ///< their names, at least one
  std::int64_t connect_ns = 250'000'000;
  std::int64_t least_pause_ns = 50'000'000;
  std::int64_t most_pause_ns = 1'000'000'000;
};

// clang-format off
/// Calls that go over one connection, one after the other, in their order.
///
/// | state   | on                                 | next, and decisions                              |
/// |---------|------------------------------------|--------------------------------------------------|
/// | resting | call, time: the pause is over      | dialing: Dial                                    |
/// | dialing | connected                          | calling: Send                                    |
/// |         | broken, or `connect` has passed    | as `failed`                                      |
/// | calling | answered                           | calling the next: Send; none waits: ready        |
/// |         | part of an answer without end      | calling, without limit                           |
/// |         | broken, or the limit has passed    | Fail of this call, and as `failed`               |
/// |         | this call is canceled              | resting: Close; the next waits: dialing: Dial    |
/// | ready   | call                               | calling: Send                                    |
/// |         | broken (the server closes it)      | resting: Close                                   |
/// | failed  | endpoints are left in this round   | Close, and dialing the next one: Dial; no call   |
/// |         |                                    | waits: resting                                   |
/// |         | all of them have failed            | resting: Close, Fail of all calls that wait, and |
/// |         |                                    | a pause, 50 ms to 1 s                            |
///
/// * A round begins after every answer, and after every pause. Answers make the pause the least again.
/// * A call that waits for the end of a pause, or for other calls, has no limit: it is answered when
///   its turn comes, or fails with the round.
/// * Any other event is ignored.
// clang-format on
class Exchange {
 public:
  enum class State : std::uint8_t { resting, dialing, calling, ready };

  explicit Exchange(ExchangeConfig config) : config_(std::move(config)) {}

  /// `call` is a number that no other call has; `limit_ns` counts from when the request is sent.
  ExchangeDecisions call(std::uint64_t call, std::int64_t limit_ns, std::int64_t now_ns);
  /// Nobody wants the answer any more. Harmless if there has been one.
  ExchangeDecisions cancel(std::uint64_t call, std::int64_t now_ns);
  ExchangeDecisions on_connected(std::int64_t now_ns);
  ExchangeDecisions on_part();
  /// `stays`: the connection can be used again.
  ExchangeDecisions on_answered(bool stays, std::int64_t now_ns);
  /// `reason`: what the system says about the connection.
  ExchangeDecisions on_broken(const std::string& reason, std::int64_t now_ns);
  ExchangeDecisions on_time(std::int64_t now_ns);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const;
  State state() const { return state_; }
  /// "etcd at 10.0.0.1:2379": that of the connection, or of the next one.
  std::string where() const;

 private:
  struct Waiting {
    std::uint64_t call = 0;
    std::int64_t limit_ns = 0;
  };

  ExchangeDecisions next(std::int64_t now_ns);
  ExchangeDecisions dial(std::int64_t now_ns);
  ExchangeDecisions send(std::int64_t now_ns);
  ExchangeDecisions fail(const std::string& reason, std::int64_t now_ns);
  void heard();

  ExchangeConfig config_;
  State state_ = State::resting;
  std::deque<Waiting> calls_;  ///< while calling, the first is under way
  std::size_t endpoint_ = 0;
  std::size_t failed_ = 0;  ///< endpoints in this round
  std::int64_t pause_ns_ = 0;
  std::int64_t until_ns_ = end_of_time;  ///< the limit of what is under way
  std::int64_t rest_until_ns_ = no_time;
};

}  // namespace wallaroo::internal::cluster
