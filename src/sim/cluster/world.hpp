// Part of the simulator of clusters: everything that processes share, and the invariants of the
// whole.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/cluster/etcd_client.hpp"
#include "sim/cluster/shared.hpp"

namespace wallaroo::internal::sim {

class Worker;

struct World {
  World(std::uint64_t seed, ClusterMutation a_mutation, ClusterHappened& a_happened)
      : mutation(a_mutation),
        happened(a_happened),
        random(seed),
        job(random_job(random)),
        network(time, random, happened, random.between(1, 5)),
        etcd(time, happened),
        client(time, random, network, etcd, happened),
        store(time, random, network, happened),
        receivers(job.sinks, Receiver(job.records(), happened)),
        acknowledged(job.sources, 0),
        workers(network.hosts.size()) {
    store.published = [this](const SimManifest& manifest) { check_cut(manifest); };
  }

  bool is(ClusterMutation other) const { return mutation == other; }
  std::int64_t between(std::size_t least, std::size_t most) {
    return static_cast<std::int64_t>(random.between(least, most));
  }

  /// Lets a process do something that others must not do at the same time. Some fall asleep just
  /// before it, and some of these do not hear of what has happened when they wake up.
  void do_critical(const ProcessId& process, Timeline::Action action) {
    if (network.calm || !random.one_in(naps_one_in)) {
      action();
      return;
    }
    const std::int64_t wakes = time.now() + between(duel ? 2000 : 50, 6000) * ms;
    pause(process.host, wakes);
    if (duel || random.one_in(2)) {
      network.isolate(process.host, wakes + between(500, 3000) * ms);
    }
    network.run_later(process, us, std::move(action));
  }
  /// A leader restores this checkpoint, which it has chosen from the listing.
  void check_restored(const SimManifest* manifest, const Listing& listing) {
    for (const CheckpointId& id : listing.committed) {
      require(manifest != nullptr && store.comes_from(manifest->id, id),
              "what is restored contains all that was committed");
    }
    if (manifest != nullptr) {
      restored.insert(manifest->id);
    }
  }
  /// A sink is told to commit this checkpoint.
  void check_committed(const CheckpointId& id) {
    require(store.was_published(id), "what is committed was published");
    for (const CheckpointId& other : store.committed) {
      require(store.on_one_line(other, id), "all commits are on one line of checkpoints");
    }
    for (const CheckpointId& other : restored) {
      require(store.on_one_line(other, id), "nothing is committed beside what was restored");
    }
    store.committed.insert(id);
  }
  /// All sinks have settled what earlier runs left: the output is that of the restored checkpoint.
  void check_output(std::size_t sink, const SimManifest* manifest) const {
    for (std::size_t record = 0; record != job.records(); ++record) {
      const bool inside = manifest != nullptr && is_inside(*manifest, record);
      const bool wanted = inside && job.sink_of(record) == sink;
      require(receivers[sink].committed()[record] == (wanted ? 1 : 0),
              "committed is the output of what is restored, once");
    }
  }
  void check_all_committed() const {
    for (std::size_t sink = 0; sink != job.sinks; ++sink) {
      for (std::size_t record = 0; record != job.records(); ++record) {
        require(receivers[sink].committed()[record] == (job.sink_of(record) == sink ? 1 : 0),
                "all output is committed, once");
      }
      require(!receivers[sink].in_doubt(), "nothing is left in doubt");
    }
  }

  ClusterMutation mutation;
  ClusterHappened& happened;
  Timeline time;
  Random random;
  Job job;
  Network network;
  SimEtcd etcd;
  EtcdClient client;
  SharedStore store;
  std::vector<Receiver> receivers;
  std::vector<std::size_t> acknowledged;         ///< [source]: records that its peer has forgotten
  std::vector<std::shared_ptr<Worker>> workers;  ///< [host]
  std::function<void(std::size_t host)> exited;  ///< a process has ended by itself
  std::function<void(std::size_t host, std::int64_t until)> pause;
  std::uint64_t creators = 0;
  std::size_t naps_one_in = 0;
  /// Leaders that sleep for so long that the next one has pruned what they would have met.
  bool duel = false;
  std::set<CheckpointId> restored;
  std::uint64_t newest_fence = 0;  ///< of any generation that has claimed the store

 private:
  bool is_inside(const SimManifest& manifest, std::size_t record) const {
    for (std::size_t source = 0; source != job.sources; ++source) {
      if (record >= job.first[source] && record < job.first[source + 1]) {
        return record - job.first[source] < manifest.positions[source];
      }
    }
    return false;
  }
  /// A checkpoint is complete: state and positions follow from the same records.
  void check_cut(const SimManifest& manifest) const {
    for (std::size_t record = 0; record != job.records(); ++record) {
      const std::size_t group = job.group_of(record);
      const DataName& name = manifest.files[group];
      const Table* table = name[0] == 0 ? nullptr : store.table(name, group);
      require(name[0] == 0 || table != nullptr, "no file that is needed is missing");
      const int counted = table == nullptr ? 0 : (*table)[record];
      require(counted == (is_inside(manifest, record) ? 1 : 0),
              "every record before the barrier is in the saved state, once");
    }
  }
};

}  // namespace wallaroo::internal::sim
