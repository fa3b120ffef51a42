// Decides what a worker says about an etcd that does not answer, and when it gives up. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/coordination.hpp"

namespace wallaroo::internal::cluster {

namespace health {

/// etcd answers again after `Away`; it was away for so long.
struct Back {
  std::int64_t away_ns = 0;
};
/// etcd has not answered for `away_ns`. Log it.
struct Away {
  std::string reason;
  std::int64_t away_ns = 0;
};
/// The worker ends: it has never reached etcd, or etcd does not take its user. The last decision.
struct GiveUp {
  std::string reason;
  bool credentials = false;
};

}  // namespace health

using HealthDecision = std::variant<health::Back, health::Away, health::GiveUp>;
using HealthDecisions = std::vector<HealthDecision>;

// clang-format off
/// | state   | on                                             | next, and decisions     |
/// |---------|------------------------------------------------|-------------------------|
/// | unknown | answer                                         | up                      |
/// |         | no answer, 30 s after the start                | given up: GiveUp        |
/// |         | no answer, because of the user or the password | given up: GiveUp        |
/// |         | no answer, 1 s after the start                 | unknown: Away, each 30 s|
/// | up      | no answer for 1 s                              | away: Away              |
/// | away    | no answer, each 30 s                           | away: Away              |
/// |         | answer                                         | up: Back                |
///
/// * A worker that has reached etcd once never gives up: its run needs no etcd, and etcd may come back.
///   This holds for a password that somebody changes, too.
// clang-format on
class EtcdHealth {
 public:
  explicit EtcdHealth(std::int64_t now_ns) : began_ns_(now_ns) {}

  HealthDecisions on_answer(std::int64_t now_ns);
  HealthDecisions on_no_answer(const NoAnswer& why, std::int64_t now_ns);

  bool reached() const { return reached_; }
  /// Whether etcd counts as up, as in the gauge `wallaroo_cluster_etcd_up`.
  bool up() const { return reached_ && told_ns_ == no_time; }

 private:
  static constexpr std::int64_t notice_ns = 1'000'000'000;
  static constexpr std::int64_t again_ns = 30'000'000'000;
  static constexpr std::int64_t patience_ns = 30'000'000'000;

  std::int64_t began_ns_;
  bool reached_ = false;
  bool given_up_ = false;
  std::int64_t silent_since_ns_ =
      end_of_time;                  ///< the first call without answer since the last answer
  std::int64_t told_ns_ = no_time;  ///< when that was logged
};

}  // namespace wallaroo::internal::cluster
