// Part of the simulator of clusters: what a run is made of, and what it says to others.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/protocol/alignment.hpp"
#include "cluster/assignment.hpp"
#include "cluster/view.hpp"
#include "sim/cluster/shared.hpp"

namespace wallaroo::internal::sim {

/// A message on a channel.
struct Message {
  enum class Kind : std::uint8_t { record, barrier, end };
  Kind kind = Kind::record;
  std::uint64_t value = 0;
};

/// What a generation is about; the same for all members.
struct GenerationPlan {
  std::uint64_t cluster = 0;  ///< of etcd
  std::uint64_t generation = 0;
  std::uint64_t fence = 0;  ///< the number that it made void
  std::vector<cluster::JobMember> members;
  cluster::Assignment assignment;
  std::shared_ptr<const SimManifest> restored;  ///< nothing: the job starts anew

  std::uint64_t number() const { return restored ? restored->id.second : 0; }
  std::size_t member_of(std::size_t executor) const {
    return member_named(assignment.executors[executor].worker);
  }
  std::size_t place_of(const char* kind, std::size_t index) const {
    return member_named(assignment.singles.at(kind + std::to_string(index)).worker);
  }
  std::size_t member_named(const std::string& worker) const {
    std::size_t member = 0;
    while (members[member].id.worker != worker) {
      ++member;
    }
    return member;
  }
};

/// What a worker tells the leader when all its tasks have saved their state for a checkpoint.
struct PartSaved {
  std::uint64_t n = 0;
  std::map<std::size_t, std::size_t> positions;  ///< [source]
  std::map<std::size_t, DataName> files;         ///< [group]
};

/// Calls that a part makes to its worker.
struct PartPort {
  ProcessId process;
  std::size_t member = 0;  ///< the worker's index in the plan
  std::function<void(std::size_t member, std::size_t task, std::size_t input, Message)> send;
  std::function<void(PartSaved)> saved;
  std::function<void(std::uint64_t n)> save_failed;
  std::function<void(std::size_t sink, std::uint64_t n, std::string vote)> prepared;
  std::function<void(std::size_t sink, std::uint64_t n)> committed;
  std::function<void()> quiet;  ///< all tasks have ended
  std::function<void(std::string)> failed;
};

/// A task that gives records.
struct Source {
  std::size_t index = 0;
  std::size_t position = 0;
  bool ended = false;
  std::map<std::uint64_t, std::size_t> saved = {};  ///< [checkpoint]: position
};

/// The keyed stage on one executor.
struct Keyed {
  Keyed(std::size_t an_executor, std::size_t sources)
      : executor(an_executor), alignment(sources), inputs(sources) {}
  std::size_t executor;
  Alignment alignment;
  std::vector<std::deque<Message>> inputs;
  Sections tables;
  std::set<std::size_t> dirty = {};
  std::uint64_t saving = 0;
  std::set<std::size_t> in_doubt = {};  ///< saved for `saving`, which may fail
  bool ended = false;

  /// The checkpoint n may have failed. `clean`: a mutation that takes what it saved for saved.
  void forget_saving(std::uint64_t n, bool clean) {
    if (saving != n || n == 0) {
      return;
    }
    if (!clean) {
      dirty.insert(in_doubt.begin(), in_doubt.end());
    }
    in_doubt.clear();
    saving = 0;
  }
};

/// The task that hands records to a receiver.
struct Sink {
  Sink(std::size_t an_index, std::size_t executors)
      : index(an_index), alignment(executors), inputs(executors) {}
  std::size_t index;
  Alignment alignment;
  std::vector<std::deque<Message>> inputs;
  Receiver::Records open = {};
  Receiver::Records sealed = {};
  std::uint64_t sealed_number = 0;

  /// The checkpoint whose barrier was met has failed.
  void reopen() {
    open.insert(open.begin(), sealed.begin(), sealed.end());
    sealed.clear();
    sealed_number = 0;
  }
};

}  // namespace wallaroo::internal::sim
