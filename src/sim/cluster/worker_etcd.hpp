// Part of the simulator of clusters: how the agent of a worker is set up, and its time.
#pragma once

#include "sim/cluster/worker.hpp"

namespace wallaroo::internal::sim {

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

inline cluster::AgentConfig agent_config(const World& world, std::size_t host) {
  cluster::AgentConfig config;
  config.membership = membership_config(world, host);
  config.generation = generation_config(world);
  config.lease_s = 1;
  return config;
}

inline Worker::Worker(World& world, std::size_t host)
    : world_(world),
      host_(host),
      process_(world.network.process(host)),
      coordination_(world, process_, name_of_host(host)),
      agent_(agent_config(world, host), coordination_, *this, *this) {}

inline std::string Worker::text() const {
  return name_of_host(host_) + (exited_ ? " exited" : "") + ": membership " +
         std::to_string(static_cast<int>(agent_.membership().state())) + ", election " +
         std::to_string(static_cast<int>(agent_.election().state())) + ", generation " +
         std::to_string(static_cast<int>(agent_.generation().state())) + " " +
         std::to_string(agent_.generation().job().generation) + ", follower " +
         std::to_string(static_cast<int>(agent_.follower().state())) + " " +
         std::to_string(agent_.follower().generation()) + ", revision " +
         std::to_string(agent_.view().revision);
}

inline void Worker::begin() { agent_.begin(); }

/// Everything that happens to a worker, besides to its agent, happens in here.
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
      std::min(agent_wakes_ns_, leader_ ? leader_->next_wakeup_ns() : end_of_time);
  if (next < armed_ns_) {
    armed_ns_ = next;
    world_.time.at(next, [world = &world_, process = process_, this] {
      world->network.run_on(process, [this] { tick(); });
    });
  }
}

inline void Worker::tick() {
  armed_ns_ = end_of_time;
  agent_wakes_ns_ = end_of_time;
  enter([this] {
    agent_.on_time();
    if (leader_) {
      std::shared_ptr(leader_)->on_time();
    }
  });
}

inline void Worker::ended(const cluster::AgentEnd& how) {
  if (how.why == cluster::AgentEnd::Why::unreadable) {
    throw Violation(how.message);
  }
  end();
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

}  // namespace wallaroo::internal::sim
