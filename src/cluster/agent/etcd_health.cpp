#include "cluster/agent/etcd_health.hpp"

#include <algorithm>
#include <utility>

namespace wallaroo::internal::cluster {

HealthDecisions EtcdHealth::on_answer(std::int64_t now_ns) {
  reached_ = true;
  const std::int64_t since_ns = std::exchange(silent_since_ns_, end_of_time);
  if (std::exchange(told_ns_, no_time) == no_time) {
    return {};
  }
  return {health::Back{now_ns - since_ns}};
}

HealthDecisions EtcdHealth::on_no_answer(const NoAnswer& why, std::int64_t now_ns) {
  if (given_up_) {
    return {};
  }
  silent_since_ns_ = std::min(silent_since_ns_, reached_ ? now_ns : began_ns_);
  const std::int64_t away_ns = now_ns - silent_since_ns_;
  const bool credentials = why.because == NoAnswer::Because::credentials;
  if (!reached_ && (credentials || away_ns >= patience_ns)) {
    given_up_ = true;
    return {health::GiveUp{why.message, credentials}};
  }
  const bool said = told_ns_ != no_time && now_ns - told_ns_ < again_ns;
  if (away_ns < notice_ns || said) {
    return {};
  }
  told_ns_ = now_ns;
  return {health::Away{why.message, away_ns}};
}

}  // namespace wallaroo::internal::cluster
