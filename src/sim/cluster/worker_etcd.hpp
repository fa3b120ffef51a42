// Part of the simulator of clusters: what a worker does with etcd.
#pragma once

#include "sim/cluster/worker.hpp"

namespace wallaroo::internal::sim {

inline const std::string cluster_prefix = cluster::prefix_of("sim");
inline constexpr std::int64_t lease_ttl = 1000 * ms;

inline cluster::MembershipConfig membership_config(const World& world, std::size_t host) {
  cluster::MembershipConfig config;
  config.prefix = cluster_prefix;
  config.self.id.worker = name_of_host(host);
  config.self.address = name_of_host(host);
  config.self.executors = 1 + static_cast<std::uint32_t>((world.job.groups + host) % 2);
  config.self.fingerprint = "one";
  config.shared = {"id", "sim", "one", world.job.groups, "shared", 0};
  config.name_patience_ns = 60'000 * ms;
  return config;
}

inline cluster::GenerationConfig generation_config(const World& world) {
  cluster::GenerationConfig config;
  config.prefix = cluster_prefix;
  config.groups = world.job.groups;
  for (std::size_t i = 0; i != world.job.sources; ++i) {
    config.singles.push_back("source" + std::to_string(i));
  }
  for (std::size_t i = 0; i != world.job.sinks; ++i) {
    config.singles.push_back("sink" + std::to_string(i));
  }
  config.expect = world.network.hosts.size();
  config.gather_ns = 1000 * ms;
  config.restore_ns = 4000 * ms;
  return config;
}

inline Worker::Worker(World& world, std::size_t host)
    : world_(world),
      host_(host),
      process_(world.network.process(host)),
      keeper_(cluster_prefix),
      membership_(membership_config(world, host), world.time.now()),
      election_(cluster_prefix),
      generation_(generation_config(world)),
      follower_(200 * ms) {}

inline std::string Worker::text() const {
  return name_of_host(host_) + (exited_ ? " exited" : "") + ": membership " +
         std::to_string(static_cast<int>(membership_.state())) + ", election " +
         std::to_string(static_cast<int>(election_.state())) + ", generation " +
         std::to_string(static_cast<int>(generation_.state())) + " " +
         std::to_string(generation_.job().generation) + ", follower " +
         std::to_string(static_cast<int>(follower_.state())) + " " +
         std::to_string(follower_.generation()) + ", revision " + std::to_string(revision_);
}

inline void Worker::begin() {
  enter([this] { carry_out(keeper_.read()); });
  keep_alive();
}

/// Everything that happens to a worker happens in here.
inline void Worker::enter(const std::function<void()>& event) {
  if (!exited_) {
    event();
    arm();
  }
}

inline void Worker::arm() {
  if (exited_) {
    return;
  }
  const std::int64_t next =
      std::min({keeper_.next_wakeup_ns(), membership_.next_wakeup_ns(), election_.next_wakeup_ns(),
                generation_.next_wakeup_ns(), follower_.next_wakeup_ns(),
                leader_ ? leader_->next_wakeup_ns() : end_of_time});
  if (next < armed_ns_) {
    armed_ns_ = next;
    world_.time.at(next, [world = &world_, process = process_, this] {
      world->network.run_on(process, [this] { tick(); });
    });
  }
}

inline void Worker::tick() {
  armed_ns_ = end_of_time;
  enter([this] {
    carry_out(keeper_.on_time(now()));
    carry_out(membership_.on_time(now()));
    carry_out(election_.on_time(now()));
    carry_out(generation_.on_time(now()));
    carry_out(follower_.on_time(now()));
    if (leader_) {
      std::shared_ptr(leader_)->on_time();
    }
  });
}

inline void Worker::keep_alive() {
  world_.network.run_later(process_, lease_ttl / 3, [this] { keep_alive(); });
  if (lease_ == 0 || exited_) {
    return;
  }
  using Kept = std::pair<cluster::EtcdHeader, bool>;
  world_.client.call<Kept>(
      process_,
      [etcd = &world_.etcd, lease = lease_] { return Kept(etcd->header(), etcd->keep(lease)); },
      [this, lease = lease_](const std::optional<Kept>& kept) {
        enter([&] {
          if (!kept) {
            return;
          }
          carry_out(keeper_.on_header(kept->first, now()));
          if (!kept->second && !exited_ && !world_.is(ClusterMutation::stay_after_a_lost_lease)) {
            lease_ = lease_ == lease ? 0 : lease_;
            carry_out(membership_.on_lease_lost(lease, now()));
          }
        });
      });
}

inline void Worker::seen(const cluster::View& view) {
  revision_ = view.revision;
  const bool member = membership_.state() == cluster::Membership::State::member;
  if (!member || !world_.is(ClusterMutation::stay_after_a_lost_lease)) {
    carry_out(membership_.on_view(view, now()));
  }
  carry_out(generation_.on_view(view, now()));
  carry_out(election_.on_view(view, ready_ns()));
  carry_out(follower_.on_view(view, now()));
}

inline void Worker::write(const cluster::Transaction& transaction,
                          const std::function<void(cluster::Outcome)>& outcome) {
  world_.client.call<cluster::Outcome>(
      process_, [etcd = &world_.etcd, transaction] { return etcd->commit(transaction); },
      [this, outcome](const std::optional<cluster::Outcome>& what) {
        if (!what && world_.is(ClusterMutation::trust_a_lost_transaction)) {
          return;
        }
        enter([&] { outcome(what.value_or(cluster::Outcome::unknown)); });
      });
}

inline void Worker::revoke(std::int64_t lease) {
  world_.client.call<bool>(
      process_,
      [etcd = &world_.etcd, lease] {
        etcd->revoke(lease);
        return true;
      },
      [](const std::optional<bool>&) {});
}

/// The process ends by itself.
inline void Worker::end() {
  exited_ = true;
  leader_.reset();
  part_.reset();
  world_.time.after(0, [world = &world_, process = process_] {
    if (world->network.alive(process)) {
      world->network.die(process.host, false);
      world->exited(process.host);
    }
  });
}

inline void Worker::carry_out_one(const cluster::keep::Range&) {
  using Answer = std::pair<cluster::EtcdHeader, std::vector<cluster::KeyValue>>;
  world_.client.call<Answer>(
      process_, [etcd = &world_.etcd] { return Answer(etcd->header(), etcd->range()); },
      [this](const std::optional<Answer>& answer) {
        enter([&] {
          if (!answer) {
            carry_out(keeper_.on_range_failed(now()));
            return;
          }
          etcd_ = etcd_ == 0 ? answer->first.cluster_id : etcd_;
          carry_out(keeper_.on_range(answer->first, answer->second));
        });
      });
}

inline void Worker::carry_out_one(const cluster::keep::Watch& watch) {
  world_.client.watch(process_, watch_, watch.from, [this](const SimEtcd::Told& told) {
    enter([&] {
      if (told.events) {
        carry_out(keeper_.on_events(told.header, *told.events));
      } else if (told.compact_revision != 0 &&
                 world_.is(ClusterMutation::watch_across_a_compaction)) {
        carry_out_one(cluster::keep::Watch{told.compact_revision + 1});
      } else {
        carry_out(keeper_.on_watch_ended());
      }
    });
  });
}

inline void Worker::carry_out_one(const cluster::member::GrantLease&) {
  world_.client.call<std::int64_t>(
      process_, [etcd = &world_.etcd] { return etcd->grant(lease_ttl); },
      [this](const std::optional<std::int64_t>& lease) {
        enter([&] {
          if (!lease) {
            carry_out(membership_.on_lease_failed(now()));
            return;
          }
          lease_ = *lease;
          carry_out(membership_.on_lease(*lease, world_.random.next(), now()));
        });
      });
}

inline void Worker::carry_out_one(const cluster::member::Write& what) {
  write(what.transaction,
        [this](cluster::Outcome outcome) { carry_out(membership_.on_written(outcome)); });
}

inline void Worker::carry_out_one(const cluster::member::Joined& joined) {
  carry_out(election_.on_joined(joined.self, joined.lease, ready_ns()));
  carry_out(follower_.on_joined(joined.self.id, now()));
}

inline void Worker::carry_out_one(const cluster::member::Lost&) {
  carry_out(election_.on_lost());
  carry_out(follower_.on_lost());
}

inline void Worker::carry_out_one(const cluster::elect::Write& what) {
  cluster::Transaction transaction = what.transaction;
  if (world_.is(ClusterMutation::lead_without_being_a_member)) {
    transaction.guards.pop_back();
  }
  if (world_.is(ClusterMutation::leader_without_lease)) {
    transaction.puts.front().lease = 0;
  }
  write(transaction,
        [this](cluster::Outcome outcome) { carry_out(election_.on_written(outcome)); });
}

inline void Worker::carry_out_one(const cluster::elect::Lead& lead) {
  carry_out(generation_.on_lead(
      lead.term, std::to_string(membership_.id().incarnation) + "/" + std::to_string(lead.term),
      now()));
}

}  // namespace wallaroo::internal::sim
