// Part of the simulator of clusters: the calls of a member to etcd over the simulated network. Some
// mutations stand here, because what they break is what a member believes of etcd.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "cluster/coordination.hpp"
#include "sim/cluster/world.hpp"

namespace wallaroo::internal::sim {

inline const std::string cluster_prefix = cluster::prefix_of("sim");

class SimCoordination final : public cluster::Coordination {
 public:
  SimCoordination(World& world, const ProcessId& process, const std::string& worker)
      : world_(world), process_(process), member_(cluster_prefix + "members/" + worker) {}

  void range(Then<cluster::RangeAnswer> then) override {
    ask<cluster::RangeAnswer>(
        [etcd = &world_.etcd] {
          return cluster::RangeAnswer{etcd->header(), etcd->range()};
        },
        [this, then = std::move(then)](std::variant<cluster::RangeAnswer, cluster::NoAnswer> what) {
          if (auto* read = std::get_if<cluster::RangeAnswer>(&what)) {
            cling_to_membership(*read);
          }
          then(what);
        });
  }

  void commit(const cluster::Transaction& transaction, Then<cluster::CommitAnswer> then) override {
    ask<cluster::CommitAnswer>(
        [etcd = &world_.etcd, sent = mutated(transaction)] {
          const bool won = etcd->commit(sent) == cluster::Outcome::won;
          return cluster::CommitAnswer{etcd->header(), won};
        },
        [this, then = std::move(then)](const auto& what) {
          if (!std::holds_alternative<cluster::NoAnswer>(what) ||
              !world_.is(ClusterMutation::trust_a_lost_transaction)) {
            then(what);
          }
        });
  }

  void grant(std::int64_t ttl_s, Then<cluster::LeaseAnswer> then) override {
    ask<cluster::LeaseAnswer>(
        [etcd = &world_.etcd, ttl_s] {
          return cluster::LeaseAnswer{etcd->header(), etcd->grant(ttl_s * 1000 * ms), ttl_s};
        },
        [this, then = std::move(then)](const auto& what) {
          if (const auto* granted = std::get_if<cluster::LeaseAnswer>(&what)) {
            lease_ = granted->lease;
          }
          then(what);
        });
  }

  void keep_alive(std::int64_t lease, std::int64_t limit_ns,
                  Then<cluster::LeaseAnswer> then) override {
    const bool clings = world_.is(ClusterMutation::stay_after_a_lost_lease);
    ask<cluster::LeaseAnswer>(
        [etcd = &world_.etcd, lease, clings] {
          const bool kept = etcd->keep(lease) || clings;
          return cluster::LeaseAnswer{etcd->header(), lease, kept ? 1 : 0};
        },
        std::move(then), limit_ns);
  }

  void revoke(std::int64_t lease, Then<cluster::LeaseAnswer> then) override {
    if (lease == lease_) {
      membership_.reset();
    }
    ask<cluster::LeaseAnswer>(
        [etcd = &world_.etcd, lease] {
          etcd->revoke(lease);
          return cluster::LeaseAnswer{etcd->header(), lease, 0};
        },
        std::move(then));
  }

  void watch(std::int64_t from, Told told) override {
    world_.client.watch(process_, watch_, from,
                        [this, told = std::move(told)](const SimEtcd::Told& what) {
                          if (what.events) {
                            told(cluster::WatchNews{what.header, believed(*what.events)});
                          } else if (what.compact_revision != 0 &&
                                     world_.is(ClusterMutation::watch_across_a_compaction)) {
                            watch(what.compact_revision + 1, told);
                          } else {
                            told(std::nullopt);
                          }
                        });
  }

 private:
  template <class Answer>
  void ask(std::function<Answer()> effect, Then<Answer> then, std::int64_t limit = 1000 * ms) {
    world_.client.call<Answer>(
        process_, std::move(effect),
        [then = std::move(then)](const std::optional<Answer>& what) {
          if (what) {
            then(*what);
          } else {
            then(cluster::NoAnswer{});
          }
        },
        limit);
  }

  cluster::Transaction mutated(cluster::Transaction transaction) const {
    const std::string& key = transaction.puts.front().key;
    if (key == cluster_prefix + "job" && world_.is(ClusterMutation::write_the_job_unguarded)) {
      transaction.guards.clear();
    }
    if (key == cluster_prefix + "leader") {
      if (world_.is(ClusterMutation::lead_without_being_a_member)) {
        transaction.guards.pop_back();
      }
      if (world_.is(ClusterMutation::leader_without_lease)) {
        transaction.puts.front().lease = 0;
      }
    }
    return transaction;
  }

  /// With the mutation `stay_after_a_lost_lease` a worker believes that it stays the member that it
  /// was.
  bool is_membership(const cluster::KeyValue& key) const {
    return world_.is(ClusterMutation::stay_after_a_lost_lease) && key.key == member_;
  }
  void cling_to_membership(cluster::RangeAnswer& read) {
    bool found = false;
    for (const cluster::KeyValue& key : read.keys) {
      found = found || is_membership(key);
      if (is_membership(key) && key.lease == lease_) {
        membership_ = key;
      }
    }
    if (!found && membership_) {
      read.keys.push_back(*membership_);
    }
  }
  std::vector<cluster::KeyEvent> believed(std::vector<cluster::KeyEvent> events) {
    for (const cluster::KeyEvent& event : events) {
      if (!event.deleted && is_membership(event.key) && event.key.lease == lease_) {
        membership_ = event.key;
      }
    }
    std::erase_if(events, [&](const cluster::KeyEvent& event) {
      return event.deleted && membership_ && is_membership(event.key);
    });
    return events;
  }

  World& world_;
  ProcessId process_;
  std::string member_;  ///< the key of the worker's membership
  std::uint64_t watch_ = 0;
  std::int64_t lease_ = 0;
  std::optional<cluster::KeyValue> membership_;  ///< only with the mutation
};

}  // namespace wallaroo::internal::sim
