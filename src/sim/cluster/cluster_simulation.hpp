// Part of the simulator of clusters: workers that are disturbed in all ways for a while, and then
// left in peace, all from one seed.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "sim/cluster/worker_runs.hpp"

namespace wallaroo::internal::sim {

/// Runs a random job on one to five workers. Checks at every moment that they keep their promises,
/// and at the end that the job has ended and nothing is missing. Throws Violation, or
/// std::logic_error if a class under test finds an invariant broken.
class ClusterSimulation {
 public:
  ClusterSimulation(std::uint64_t seed, ClusterMutation mutation, ClusterHappened& happened)
      : world_(seed, mutation, happened) {
    chaos_until_ = world_.random.one_in(8) ? 0 : world_.between(2000, 15'000) * ms;
    disturbance_ = world_.between(100, 1500);
    wipes_ = world_.random.one_in(10);
    world_.naps_one_in = world_.random.one_in(2) ? world_.random.between(10, 100) : 0;
    if (hosts() > 1 && world_.random.one_in(3)) {
      world_.duel = true;
      world_.naps_one_in = world_.random.between(20, 80);
      disturbance_ = 10'000;
    }
    world_.pause = [this](std::size_t host, std::int64_t until) { pause(host, until); };
    world_.exited = [this](std::size_t host) { exited(host); };
  }

  /// Returns the hash of everything that happened.
  std::uint64_t run() {
    for (std::size_t host = 0; host != hosts(); ++host) {
      world_.time.after(world_.between(0, 1500) * ms, [this, host] { start(host); });
    }
    plan_disturbance();
    world_.time.at(chaos_until_, [this] { make_peace(); });
    while (!finished_) {
      require(world_.time.now() < chaos_until_ + patience, "after the chaos the job ends");
      require(world_.time.step(), "something is planned");
    }
    world_.happened.events += world_.time.happened();
    world_.check_all_committed();
    return world_.time.hash();
  }
  /// What the workers are at, for those who look for the reason of a violation.
  std::string text() const {
    std::string text;
    for (std::size_t host = 0; host != hosts(); ++host) {
      text += world_.workers[host] ? world_.workers[host]->text() : "never started";
      text += world_.network.hosts[host].up ? "\n" : " (down)\n";
    }
    for (const cluster::KeyValue& key : world_.etcd.range()) {
      text += key.key + " = " + key.value + "\n";
    }
    return text;
  }

 private:
  static constexpr std::int64_t patience = 180'000 * ms;

  std::size_t hosts() const { return world_.network.hosts.size(); }
  bool peace() const { return world_.network.calm; }

  void start(std::size_t number) {
    Host& host = world_.network.hosts[number];
    if (host.up) {
      return;
    }
    host = {host.life + 1, true, false, false, {}, host.etcd_blocked_until};
    world_.workers[number] = std::make_shared<Worker>(world_, number);
    world_.workers[number]->begin();
  }
  void exited(std::size_t host) {
    if (!peace() || !job_has_ended()) {
      world_.time.after(world_.between(50, 2000) * ms, [this, host] { start(host); });
    } else if (std::none_of(world_.network.hosts.begin(), world_.network.hosts.end(),
                            [](const Host& other) { return other.up; })) {
      finished_ = true;
    }
  }
  bool job_has_ended() const {
    const cluster::KeyValue* key = world_.etcd.find(cluster_prefix + "job");
    return key != nullptr && key->value.find("\"phase\":\"ended\"") != std::string::npos;
  }

  void plan_disturbance() {
    world_.time.after(world_.between(10, static_cast<std::size_t>(2 * disturbance_)) * ms, [this] {
      if (!peace()) {
        disturb();
        plan_disturbance();
      }
    });
  }
  void disturb() {
    const std::size_t host = any_host();
    switch (world_.random.below(12)) {
      case 0:
      case 1:
      case 2:
        return crash(host, world_.random.one_in(4));
      case 3:
      case 4:
      case 5:
        return pause(host, world_.time.now() +
                               world_.between(50, world_.random.one_in(2) ? 500 : 5000) * ms);
      case 6:
        if (const ConnectionPtr connection = world_.network.any_connection()) {
          world_.network.sever(connection);
        }
        return;
      case 7:
        if (const ConnectionPtr connection = world_.network.any_connection()) {
          world_.network.make_half_open(connection);
        }
        return;
      case 8:
        return world_.network.block(host, world_.random.below(hosts()),
                                    world_.time.now() + world_.between(100, 5000) * ms);
      case 9:
        world_.network.hosts[host].etcd_blocked_until =
            world_.time.now() + world_.between(100, 5000) * ms;
        return;
      case 10:
        return disturb_etcd();
      default:
        return vacate();
    }
  }
  /// One of those that are there; often the leader, of whom there is only one.
  std::size_t any_host() {
    const cluster::KeyValue* leader = world_.etcd.find(cluster_prefix + "leader");
    if (leader != nullptr && world_.random.one_in(3)) {
      const auto view = cluster::read_view(cluster_prefix, 1, {*leader});
      return host_named(std::get<cluster::View>(view).leader->id.worker);
    }
    return world_.random.below(hosts());
  }
  void crash(std::size_t host, bool silent) {
    if (!world_.network.hosts[host].up) {
      return;
    }
    ++(silent ? world_.happened.silent_crashes : world_.happened.crashes);
    world_.network.die(host, silent);
    world_.time.after(world_.between(20, 3000) * ms, [this, host] { start(host); });
  }
  void pause(std::size_t number, std::int64_t until) {
    Host& host = world_.network.hosts[number];
    if (!host.up || host.asleep) {
      return;
    }
    ++world_.happened.pauses;
    host.asleep = true;
    world_.time.at(until, [this, number, life = host.life] { wake(number, life); });
  }
  void wake(std::size_t number, std::uint64_t life) {
    Host& host = world_.network.hosts[number];
    if (!host.up || host.life != life || !host.asleep) {
      return;
    }
    host.asleep = false;
    for (const Timeline::Action& action : std::exchange(host.backlog, {})) {
      action();
    }
  }
  void disturb_etcd() {
    if (!world_.etcd.up()) {
      return;
    }
    if (wipes_ && world_.random.one_in(4)) {
      world_.etcd.wipe();
    } else if (world_.random.one_in(3)) {
      world_.etcd.compact();
    } else {
      world_.etcd.stop();
      world_.time.after(world_.between(50, 4000) * ms, [this] { start_etcd(); });
    }
  }
  void start_etcd() {
    if (!world_.etcd.up()) {
      world_.etcd.start();
    }
  }
  /// Somebody removes the leader's key, and then the registration of one who may take the lead.
  void vacate() {
    world_.etcd.remove(cluster_prefix + "leader");
    const std::string member = cluster_prefix + "members/" + name_of_host(any_host());
    world_.time.after(world_.between(0, 60) * ms, [this, member] { world_.etcd.remove(member); });
  }

  void make_peace() {
    world_.network.calm = true;
    world_.network.unblock_all();
    start_etcd();
    for (std::size_t host = 0; host != hosts(); ++host) {
      world_.network.hosts[host].etcd_blocked_until = 0;
      wake(host, world_.network.hosts[host].life);
      world_.time.after(3500 * ms, [this, host] { start(host); });
    }
  }

  World world_;
  std::int64_t chaos_until_ = 0;
  std::int64_t disturbance_ = 0;  ///< about how many ms from one to the next
  bool wipes_ = false;
  bool finished_ = false;
};

}  // namespace wallaroo::internal::sim
