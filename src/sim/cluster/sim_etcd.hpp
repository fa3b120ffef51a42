// Part of the simulator of clusters: an etcd with revisions, leases, watches and compaction.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/transaction.hpp"
#include "cluster/view_keeper.hpp"
#include "sim/cluster/mutations.hpp"
#include "sim/cluster/timeline.hpp"

namespace wallaroo::internal::sim {

/// The server. Calls take effect at once; delay and loss are the network's (`EtcdClient`).
class SimEtcd {
 public:
  /// What a watch says. Without `events` it is at its end: the server went away, or the revision
  /// from which on it was to tell is compacted.
  struct Told {
    cluster::EtcdHeader header;
    std::optional<std::vector<cluster::KeyEvent>> events;
    std::int64_t compact_revision = 0;
  };
  using Listener = std::function<void(const Told&)>;

  SimEtcd(Timeline& time, ClusterHappened& happened) : time_(time), happened_(happened) {}

  bool up() const { return up_; }
  cluster::EtcdHeader header() const { return {id_, revision_}; }

  std::int64_t grant(std::int64_t ttl) {
    const std::int64_t id = ++last_lease_;
    leases_[id] = {ttl, 0};
    return keep(id) ? id : 0;
  }
  /// Returns false if there is no such lease.
  bool keep(std::int64_t id) {
    const auto found = leases_.find(id);
    if (found == leases_.end()) {
      return false;
    }
    found->second.expires = time_.now() + found->second.ttl;
    plan_expiry(id);
    return true;
  }
  void revoke(std::int64_t id) {
    if (leases_.erase(id) == 0) {
      return;
    }
    std::vector<cluster::KeyEvent> events;
    for (const auto& [name, key] : keys_) {
      if (key.lease == id) {
        events.push_back({{name, {}, 0, revision_ + 1, 0}, true});
      }
    }
    change(std::move(events));
  }

  /// Somebody deletes a key by hand.
  void remove(const std::string& key) {
    if (keys_.contains(key)) {
      change({{{key, {}, 0, revision_ + 1, 0}, true}});
    }
  }

  cluster::Outcome commit(const cluster::Transaction& transaction) {
    for (const cluster::Guard& guard : transaction.guards) {
      if (revision_of(guard) != guard.is) {
        return cluster::Outcome::lost;
      }
    }
    std::vector<cluster::KeyEvent> events;
    for (const cluster::Put& put : transaction.puts) {
      if (put.lease != 0 && !leases_.contains(put.lease)) {
        return cluster::Outcome::lost;
      }
      const auto before = keys_.find(put.key);
      const std::int64_t created =
          before == keys_.end() ? revision_ + 1 : before->second.create_revision;
      events.push_back({{put.key, put.value, created, revision_ + 1, put.lease}, false});
    }
    change(std::move(events));
    return cluster::Outcome::won;
  }
  std::vector<cluster::KeyValue> range() const {
    std::vector<cluster::KeyValue> all;
    for (const auto& [name, key] : keys_) {
      all.push_back(key);
    }
    return all;
  }
  const cluster::KeyValue* find(const std::string& key) const {
    const auto found = keys_.find(key);
    return found == keys_.end() ? nullptr : &found->second;
  }

  /// Returns a number by which `unwatch` ends the watch.
  std::uint64_t watch(std::int64_t from, Listener listener) {
    if (from <= compacted_) {
      listener({header(), std::nullopt, compacted_});
      return 0;
    }
    for (const auto& [revision, events] : history_) {
      if (revision >= from) {
        listener({{id_, revision}, events, 0});
      }
    }
    watches_[++last_watch_] = std::move(listener);
    return last_watch_;
  }
  void unwatch(std::uint64_t watch) { watches_.erase(watch); }

  void compact() {
    ++happened_.compactions;
    compacted_ = revision_;
    history_.clear();
  }
  void stop() {
    up_ = false;
    end_watches();
  }
  /// Leases live on with their full time to live, as with a new leader of etcd.
  void start() {
    ++happened_.etcd_restarts;
    up_ = true;
    for (auto& [id, lease] : leases_) {
      lease.expires = time_.now() + lease.ttl;
      plan_expiry(id);
    }
  }
  /// Somebody removes its data.
  void wipe() {
    ++happened_.etcd_wipes;
    end_watches();
    id_ += 1;
    revision_ = 1;
    compacted_ = 0;
    highest_term_ = 0;
    keys_.clear();
    leases_.clear();
    history_.clear();
  }

 private:
  struct Lease {
    std::int64_t ttl = 0;
    std::int64_t expires = 0;
  };

  std::int64_t revision_of(const cluster::Guard& guard) const {
    const cluster::KeyValue* key = find(guard.key);
    if (key == nullptr) {
      return 0;
    }
    return guard.of == cluster::Guard::Of::create_revision ? key->create_revision
                                                           : key->mod_revision;
  }
  void plan_expiry(std::int64_t id) {
    time_.at(leases_[id].expires, [this, id] {
      const auto found = leases_.find(id);
      if (up_ && found != leases_.end() && found->second.expires <= time_.now()) {
        ++happened_.expired;
        revoke(id);
      }
    });
  }
  void change(std::vector<cluster::KeyEvent> events) {
    if (events.empty()) {
      return;
    }
    ++revision_;
    for (const cluster::KeyEvent& event : events) {
      time_.note(static_cast<std::uint64_t>(revision_));
      if (event.deleted) {
        keys_.erase(event.key.key);
      } else {
        keys_[event.key.key] = event.key;
      }
    }
    check_invariants(events);
    history_.emplace_back(revision_, events);
    for (const auto& [id, listener] : std::map(watches_)) {
      listener({header(), events, 0});
    }
  }
  /// The leader is a member, and nobody acts in a term after an act in a higher one.
  void check_invariants(const std::vector<cluster::KeyEvent>& events) {
    for (const cluster::KeyEvent& event : events) {
      if (event.deleted) {
        continue;
      }
      const auto read = cluster::read_view(cluster::prefix_of("sim"), revision_, {event.key});
      require(std::holds_alternative<cluster::View>(read), "what members write can be read");
      const cluster::View& view = std::get<cluster::View>(read);
      if (view.job) {
        require(view.job->term >= highest_term_, "no term acts after a higher one has");
        highest_term_ = view.job->term;
      }
      if (view.leader) {
        const auto* member = find(cluster::prefix_of("sim") + "members/" + view.leader->id.worker);
        require(member != nullptr && member->lease == event.key.lease,
                "who takes the lead is a member");
      }
    }
  }
  void end_watches() {
    for (const auto& [id, listener] : std::exchange(watches_, {})) {
      listener({header(), std::nullopt, 0});
    }
  }

  Timeline& time_;
  ClusterHappened& happened_;
  bool up_ = true;
  std::uint64_t id_ = 7;
  std::int64_t revision_ = 1;
  std::int64_t compacted_ = 0;
  std::int64_t highest_term_ = 0;
  std::map<std::string, cluster::KeyValue> keys_;
  std::map<std::int64_t, Lease> leases_;
  std::int64_t last_lease_ = 0;
  std::vector<std::pair<std::int64_t, std::vector<cluster::KeyEvent>>> history_;
  std::map<std::uint64_t, Listener> watches_;
  std::uint64_t last_watch_ = 0;
};

}  // namespace wallaroo::internal::sim
