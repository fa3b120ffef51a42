#include "cluster/view_keeper.hpp"

#include <algorithm>

namespace wallaroo::internal::cluster {

bool ViewKeeper::is_another(const EtcdHeader& header) {
  if (!cluster_id_) {
    cluster_id_ = header.cluster_id;
  }
  heard_revision_ = std::max(heard_revision_, header.revision);
  return *cluster_id_ != header.cluster_id;
}

KeepDecisions ViewKeeper::read() {
  if (wiped_ || ranging_) {
    return {};
  }
  ranging_ = true;
  ranged_from_ = revision_;
  range_at_ns_ = end_of_time;
  return {keep::Range{}};
}

KeepDecisions ViewKeeper::on_range(const EtcdHeader& header, const std::vector<KeyValue>& keys) {
  if (wiped_ || !ranging_) {
    return {};
  }
  ranging_ = false;
  pause_ns_ = least_pause_ns;
  if (is_another(header) || header.revision < ranged_from_) {
    wiped_ = true;
    return {keep::Wiped{}};
  }
  const bool news = header.revision >= revision_;
  std::map<std::string, KeyValue> read;
  for (const KeyValue& key : keys) {
    read[key.key] = key;
  }
  const bool differs = news && read != keys_;
  if (news) {
    keys_ = std::move(read);
    revision_ = header.revision;
    behind_since_ns_ = end_of_time;
  }
  KeepDecisions decisions = seen();
  if (!watching_ || (suspicious_ && differs)) {
    watching_ = true;
    decisions.emplace_back(keep::Watch{revision_ + 1});
  }
  suspicious_ = false;
  return decisions;
}

KeepDecisions ViewKeeper::on_range_failed(std::int64_t now_ns) {
  if (wiped_ || !ranging_) {
    return {};
  }
  ranging_ = false;
  range_at_ns_ = saturating_add(now_ns, pause_ns_);
  pause_ns_ = std::min(pause_ns_ * 2, most_pause_ns);
  return {};
}

KeepDecisions ViewKeeper::on_events(const EtcdHeader& header, const std::vector<KeyEvent>& events) {
  if (wiped_ || !watching_) {
    return {};
  }
  if (is_another(header)) {
    wiped_ = true;
    return {keep::Wiped{}};
  }
  bool differs = false;
  for (const KeyEvent& event : events) {
    if (event.key.mod_revision <= revision_) {
      continue;
    }
    differs = true;
    if (event.deleted) {
      keys_.erase(event.key.key);
    } else {
      keys_[event.key.key] = event.key;
    }
  }
  if (header.revision > revision_) {
    revision_ = header.revision;
  }
  if (revision_ >= heard_revision_) {
    behind_since_ns_ = end_of_time;
  }
  return differs ? seen() : KeepDecisions{};
}

KeepDecisions ViewKeeper::on_watch_ended() {
  watching_ = false;
  return read();
}

KeepDecisions ViewKeeper::on_header(const EtcdHeader& header, std::int64_t now_ns) {
  if (wiped_) {
    return {};
  }
  if (is_another(header)) {
    wiped_ = true;
    return {keep::Wiped{}};
  }
  if (header.revision > revision_ && behind_since_ns_ == end_of_time) {
    behind_since_ns_ = now_ns;
  }
  return {};
}

KeepDecisions ViewKeeper::on_time(std::int64_t now_ns) {
  if (now_ns < next_wakeup_ns()) {
    return {};
  }
  suspicious_ = behind_since_ns_ != end_of_time && now_ns - behind_since_ns_ >= stalled_ns;
  return read();
}

std::int64_t ViewKeeper::next_wakeup_ns() const {
  if (wiped_ || ranging_) {
    return end_of_time;
  }
  const std::int64_t stalled =
      behind_since_ns_ == end_of_time ? end_of_time : behind_since_ns_ + stalled_ns;
  return std::min(range_at_ns_, stalled);
}

KeepDecisions ViewKeeper::seen() const {
  std::vector<KeyValue> keys;
  keys.reserve(keys_.size());
  for (const auto& [name, key] : keys_) {
    keys.push_back(key);
  }
  auto read = read_view(prefix_, revision_, keys);
  if (auto* broken = std::get_if<Unreadable>(&read)) {
    return {keep::Broken{std::move(broken->message)}};
  }
  return {keep::Seen{std::get<View>(std::move(read))}};
}

}  // namespace wallaroo::internal::cluster
