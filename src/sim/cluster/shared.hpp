// Part of the simulator of clusters: what outlives all workers: the job that runs, its store, and
// the peers of its sources and sinks.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/protocol/recovery.hpp"
#include "checkpoint/protocol/store_claim.hpp"
#include "io/transaction_end.hpp"
#include "sim/cluster/network.hpp"

namespace wallaroo::internal::sim {

/// The job: sources give records, which are numbers; a keyed stage counts each at the owner of its
/// group, and gives it to a sink.
struct Job {
  std::size_t sources = 1;
  std::size_t groups = 1;
  std::size_t sinks = 1;
  std::vector<std::size_t> first;  ///< [source] and one more: its first record
  std::size_t records() const { return first.back(); }
  std::size_t group_of(std::size_t record) const { return record % groups; }
  std::size_t sink_of(std::size_t record) const { return record / groups % sinks; }
};

inline Job random_job(Random& random) {
  Job job;
  job.sources = random.between(1, 2);
  job.groups = random.between(3, 9);
  job.sinks = random.between(1, 2);
  job.first.push_back(0);
  for (std::size_t i = 0; i != job.sources; ++i) {
    job.first.push_back(job.first.back() + random.between(40, 250));
  }
  return job;
}

using Table = std::vector<std::uint8_t>;        ///< [record]: how often it was counted
using Sections = std::map<std::size_t, Table>;  ///< [group]
using DataName = std::array<std::uint64_t, 3>;  ///< number, fence of the generation, member
using CheckpointId = std::pair<std::uint64_t, std::uint64_t>;  ///< fence of the generation, number

struct SimManifest {
  CheckpointId id;
  std::optional<CheckpointId> parent;
  std::vector<std::size_t> positions;  ///< [source]
  std::vector<std::string> votes;      ///< [sink]
  std::vector<DataName> files;         ///< [group]; zeros: the group is empty
};

/// What the store had at one moment.
struct Listing {
  std::vector<StoredNumber> numbers;
  std::vector<CheckpointCandidate> candidates;
  std::map<std::uint64_t, std::shared_ptr<const SimManifest>> manifests;
  std::set<CheckpointId> committed;  ///< until then
};

/// The directory that all members see. What it is asked for takes effect after a while, even if the
/// process that asked is dead by then, and the answer may be lost.
class SharedStore {
 public:
  struct File {
    bool voided = false;
    std::uint64_t creator = 0;  ///< part of the content: nobody else writes the same bytes
    std::shared_ptr<const SimManifest> manifest;
  };

  SharedStore(Timeline& time, Random& random, Network& network, ClusterHappened& happened)
      : time_(time), random_(random), network_(network), happened_(happened) {}

  void create(const ProcessId& caller, std::uint64_t n, File file,
              std::function<void(Created)> answer) {
    const bool lost = !network_.calm && random_.one_in(15);
    if (lost) {
      ++happened_.lost_creates;
      network_.run_later(caller, 500 * ms, [answer] { answer(Created::unknown); });
      if (random_.one_in(3)) {
        return;
      }
    }
    const bool late = lost && random_.one_in(2);
    happened_.late_creates += late ? 1 : 0;
    time_.after(late ? static_cast<std::int64_t>(random_.between(500, 4000)) * ms : delay(),
                [this, caller, n, file = std::move(file), answer, lost] {
                  const auto [there, created] = files_.emplace(n, file);
                  if (created && !file.voided) {
                    ++happened_.published;
                    history_[file.manifest->id] = file.manifest->parent;
                    if (files_.rbegin()->first == n) {
                      published(*file.manifest);
                    }
                  }
                  const bool ours =
                      there->second.creator == file.creator && there->second.voided == file.voided;
                  if (!lost) {
                    network_.run_later(caller, network_.delay(), [answer, ours] {
                      answer(ours ? Created::created : Created::taken);
                    });
                  }
                });
  }
  void list(const ProcessId& caller, std::function<void(const Listing&)> answer) {
    time_.after(delay(), [this, caller, answer = std::move(answer)] {
      network_.run_later(caller, network_.delay(), [answer, all = listing()] { answer(all); });
    });
  }
  void remove(const ProcessId& caller, std::uint64_t n, std::function<void()> answer) {
    time_.after(delay(), [this, caller, n, answer = std::move(answer)] {
      happened_.pruned += files_.erase(n);
      forget_data();
      network_.run_later(caller, network_.delay(), answer);
    });
  }
  /// A file that is not finished when its process dies is not there.
  void write_data(const ProcessId& caller, const DataName& name, Sections sections,
                  std::function<void(bool)> answer) {
    const bool fails = !network_.calm && random_.one_in(60);
    time_.after(delay(), [this, caller, name, fails, sections = std::move(sections), answer] {
      if (network_.alive(caller) && !fails) {
        data_[name] = sections;
      }
      network_.run_later(caller, network_.delay(), [answer, fails] { answer(!fails); });
    });
  }

  /// Returns nothing if the file or the group in it is missing.
  const Table* table(const DataName& name, std::size_t group) const {
    const auto found = data_.find(name);
    if (found == data_.end() || !found->second.contains(group)) {
      return nullptr;
    }
    return &found->second.at(group);
  }
  /// Called with each manifest when it is created and the newest.
  std::function<void(const SimManifest&)> published;
  std::set<CheckpointId> committed;  ///< by any sink, ever
  bool was_published(const CheckpointId& id) const { return history_.contains(id); }
  /// Whether one of the two checkpoints came from the other.
  bool on_one_line(const CheckpointId& a, const CheckpointId& b) const {
    return comes_from(a, b) || comes_from(b, a);
  }
  bool comes_from(std::optional<CheckpointId> later, const CheckpointId& earlier) const {
    while (later && later != earlier) {
      later = history_.at(*later);
    }
    return later.has_value();
  }

 private:
  Listing listing() const {
    Listing all;
    for (const auto& [n, file] : files_) {
      all.numbers.push_back({n, file.voided});
      const bool whole = file.voided || is_whole(*file.manifest);
      all.candidates.push_back({n, whole ? "" : "a data file is missing", file.voided});
      all.manifests[n] = file.manifest;
    }
    all.committed = committed;
    return all;
  }
  std::int64_t delay() {
    const bool slow = !network_.calm && random_.one_in(20);
    return static_cast<std::int64_t>(random_.between(1, slow ? 800 : 8)) * ms;
  }
  bool is_whole(const SimManifest& manifest) const {
    for (std::size_t group = 0; group != manifest.files.size(); ++group) {
      if (manifest.files[group][0] != 0 && table(manifest.files[group], group) == nullptr) {
        return false;
      }
    }
    return true;
  }
  /// Removes data that no manifest refers to, and that no manifest will any more.
  void forget_data() {
    std::set<DataName> needed;
    std::uint64_t newest = 0;
    for (const auto& [n, file] : files_) {
      if (!file.voided) {
        newest = n;
        needed.insert(file.manifest->files.begin(), file.manifest->files.end());
      }
    }
    std::erase_if(data_, [&](const auto& file) {
      return file.first[0] < newest && !needed.contains(file.first);
    });
  }

  Timeline& time_;
  Random& random_;
  Network& network_;
  ClusterHappened& happened_;
  std::map<std::uint64_t, File> files_;
  std::map<CheckpointId, std::optional<CheckpointId>> history_;  ///< every manifest's parent
  std::map<DataName, Sections> data_;
};

/// The peer of a sink. It takes records from the newest writer only, and keeps what was prepared.
class Receiver {
 public:
  using Records = std::vector<std::size_t>;

  Receiver(std::size_t records, ClusterHappened& happened)
      : happened_(happened), committed_(records, 0) {}

  /// A writer connects. `fence`: the number that its generation has made void; the numbers of
  /// generations rise with their order in the store, whatever etcd has forgotten. Returns false if
  /// a newer writer was there.
  bool open(std::uint64_t fence, std::uint64_t restored, const std::string* vote,
            ClusterMutation mutation) {
    if (fence < fence_ && mutation != ClusterMutation::receiver_without_fence) {
      return false;
    }
    fence_ = fence;
    for (const auto& [n, records] : std::map(prepared_)) {
      TransactionEnd end = end_of_transaction(n, restored);
      end = mutation == ClusterMutation::commit_what_is_in_doubt  ? TransactionEnd::commit
            : mutation == ClusterMutation::abort_what_is_in_doubt ? TransactionEnd::abort
                                                                  : end;
      if (end == TransactionEnd::commit) {
        require(n != restored || vote == nullptr || vote_of(records) == *vote,
                "what is committed is what the manifest contains");
        ++happened_.in_doubt_committed;
        commit(n);
      } else {
        ++happened_.in_doubt_aborted;
        finish(n, TransactionEnd::abort);
      }
    }
    return true;
  }
  std::optional<std::string> prepare(std::uint64_t fence, std::uint64_t n, const Records& records) {
    if (fence != fence_) {
      return std::nullopt;
    }
    require(!ended_.contains(n), "a transaction ends once");
    prepared_[n] = records;
    return vote_of(records);
  }
  /// Also a writer of before may commit, as one that copies a file and was asleep.
  void commit(std::uint64_t n) {
    const auto found = prepared_.find(n);
    if (found == prepared_.end()) {
      require(ended_.contains(n), "what is to be committed was prepared");
      require(ended_[n] == TransactionEnd::commit, "what was aborted is not committed");
      return;
    }
    for (const std::size_t record : found->second) {
      require(++committed_[record] == 1, "no record is committed twice");
    }
    finish(n, TransactionEnd::commit);
  }
  const Table& committed() const { return committed_; }
  bool in_doubt() const { return !prepared_.empty(); }

 private:
  static std::string vote_of(const Records& records) {
    std::size_t sum = records.size();
    for (const std::size_t record : records) {
      sum += (record + 1) * 0x9e3779b97f4a7c15ull;
    }
    return std::to_string(sum);
  }
  void finish(std::uint64_t n, TransactionEnd how) {
    require(!ended_.contains(n), "a transaction ends once");
    ended_[n] = how;
    prepared_.erase(n);
  }

  ClusterHappened& happened_;
  Table committed_;
  std::uint64_t fence_ = 0;
  std::map<std::uint64_t, Records> prepared_;
  std::map<std::uint64_t, TransactionEnd> ended_;
};

}  // namespace wallaroo::internal::sim
