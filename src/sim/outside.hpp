// Part of the simulator of checkpoints: everything that survives a crash of the worker.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/protocol/recovery.hpp"
#include "checkpoint/store/manifest.hpp"
#include "io/transaction_end.hpp"
#include "sim/graph.hpp"

namespace wallaroo::internal::sim {

/// The peer of a source: can give again what was not acknowledged.
struct Upstream {
  std::size_t acknowledged = 0;  ///< records that it has forgotten
};

/// The directory of the checkpoints. Writes are visible at once, but those that were not fsynced
/// may be gone after a power failure.
class Disk {
 public:
  using Section = std::pair<std::uint32_t, std::uint16_t>;  ///< stage and group

  void write(std::uint64_t file, Section section, Counts content) {
    data_[file].sections[section] = {std::move(content), false};
  }
  void fsync_data(std::uint64_t file) {
    for (auto& [section, entry] : data_[file].sections) {
      entry.durable = true;
    }
  }
  void write_temporary(Manifest manifest) { temporary_ = {std::move(manifest), false, false}; }
  void fsync_temporary() { temporary_.content_durable = true; }
  void rename() { manifests_[temporary_.manifest.number] = std::move(temporary_); }
  void fsync_directory() {
    for (auto& [number, file] : manifests_) {
      file.name_durable = true;
    }
    for (auto& [number, file] : data_) {
      file.name_durable = true;
    }
  }

  /// Deletes all manifests but the `kept` newest, and older data that none of those needs.
  /// `needed_too`: a mutation that deletes all older data.
  void clean(std::size_t kept, bool needed_too) {
    while (manifests_.size() > kept) {
      manifests_.erase(manifests_.begin());
    }
    const std::uint64_t newest = manifests_.empty() ? 0 : manifests_.rbegin()->first;
    std::erase_if(data_, [&](const auto& file) {
      return file.first < newest && (needed_too || !needed(file.first));
    });
  }

  void lose_power(Random& random) {
    for (auto& [number, file] : data_) {
      std::erase_if(file.sections,
                    [&](const auto& entry) { return !entry.second.durable && random.one_in(2); });
      for (auto& [section, entry] : file.sections) {
        entry.durable = true;
      }
    }
    for (auto& [number, file] : manifests_) {
      if (!file.content_durable && random.one_in(2)) {
        damage(file);
      }
      file.content_durable = true;
    }
    lose_names(data_, random);
    lose_names(manifests_, random);
  }

  std::vector<CheckpointCandidate> candidates() const {
    std::vector<CheckpointCandidate> found;
    for (const auto& [number, file] : manifests_) {
      found.push_back({number, damage_of(file)});
    }
    return found;
  }
  const Manifest& manifest(std::uint64_t number) const { return manifests_.at(number).manifest; }
  const Counts* find(std::uint64_t file, Section section) const {
    const auto data = data_.find(file);
    if (data == data_.end()) {
      return nullptr;
    }
    const auto entry = data->second.sections.find(section);
    return entry == data->second.sections.end() ? nullptr : &entry->second.content;
  }
  std::uint64_t newest() const { return manifests_.empty() ? 0 : manifests_.rbegin()->first; }
  std::size_t manifests() const { return manifests_.size(); }
  void damage_newest() { damage(manifests_.rbegin()->second); }
  /// Returns a number above all that are in use.
  std::uint64_t free_number() const {
    return std::max(data_.empty() ? 0 : data_.rbegin()->first,
                    manifests_.empty() ? 0 : manifests_.rbegin()->first) +
           1;
  }

 private:
  struct Entry {
    Counts content;
    bool durable = false;
  };
  struct DataFile {
    std::map<Section, Entry> sections;
    bool name_durable = false;
  };
  struct ManifestFile {
    Manifest manifest;
    bool content_durable = false;
    bool name_durable = false;
    bool damaged = false;
  };

  static void damage(ManifestFile& file) {
    file.damaged = true;
    for (ManifestBlock& block : file.manifest.blocks) {
      block.file = 0;
    }
  }
  template <class Files>
  static void lose_names(Files& files, Random& random) {
    std::erase_if(files,
                  [&](const auto& file) { return !file.second.name_durable && random.one_in(2); });
    for (auto& [number, file] : files) {
      file.name_durable = true;
    }
  }
  bool needed(std::uint64_t number) const {
    for (const auto& [other, file] : manifests_) {
      for (const ManifestBlock& block : file.manifest.blocks) {
        if (block.file == number) {
          return true;
        }
      }
    }
    return false;
  }
  std::string damage_of(const ManifestFile& file) const {
    if (file.damaged) {
      return "the manifest is cut off";
    }
    for (const ManifestSection& section : file.manifest.sections) {
      const std::uint64_t data = file.manifest.blocks[section.block].file;
      if (data != 0 && find(data, {section.stage, section.group}) == nullptr) {
        return "a block is missing";
      }
    }
    return {};
  }

  std::map<std::uint64_t, DataFile> data_;
  std::map<std::uint64_t, ManifestFile> manifests_;
  ManifestFile temporary_;
};

/// The peer of a sink. It keeps prepared and committed records for good, and all others as long as
/// the worker lives and the connection lasts.
class Downstream {
 public:
  using Records = std::vector<std::size_t>;

  explicit Downstream(std::size_t records) : committed_(records, 0) {}

  void write(std::size_t record) { open_.push_back(record); }
  void barrier(std::uint64_t n) {
    sealed_ = std::exchange(open_, {});
    sealed_number_ = n;
  }
  /// `dropped`: a mutation that loses the records of the abandoned checkpoint.
  void abandon(std::uint64_t n, bool dropped) {
    if (sealed_number_ != n) {
      return;
    }
    if (!dropped) {
      sealed_.insert(sealed_.end(), open_.begin(), open_.end());
      open_ = std::move(sealed_);
    }
    sealed_.clear();
    sealed_number_ = 0;
  }
  /// The checkpoint whose barrier was met, but whose transaction is neither prepared nor abandoned;
  /// 0: none.
  std::uint64_t sealed() const { return sealed_number_; }
  /// `durable`: false is a mutation that votes for records it may still lose.
  std::string prepare(std::uint64_t n, bool durable) {
    require(sealed_number_ == n, "a sink prepares the transaction whose barrier it met");
    require(!ended_.contains(n), "a transaction ends once");
    prepared_[n] = {std::exchange(sealed_, {}), durable};
    sealed_number_ = 0;
    return vote_of(prepared_[n].records);
  }
  void commit(std::uint64_t n, const std::string* vote) {
    const auto found = prepared_.find(n);
    if (found == prepared_.end()) {
      require(ended_.contains(n), "what is to be committed was prepared");
      require(ended_[n] == TransactionEnd::commit, "what was aborted is not committed");
      return;
    }
    require(vote == nullptr || vote_of(found->second.records) == *vote,
            "what is committed is what the manifest contains");
    for (const std::size_t record : found->second.records) {
      ++committed_[record];
    }
    end(n, TransactionEnd::commit);
  }
  void undo(std::uint64_t n) { end(n, TransactionEnd::abort); }
  std::vector<std::uint64_t> in_doubt() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, transaction] : prepared_) {
      numbers.push_back(number);
    }
    return numbers;
  }
  void disconnect() {
    open_.clear();
    sealed_.clear();
    sealed_number_ = 0;
    std::erase_if(prepared_, [](const auto& entry) { return !entry.second.durable; });
  }
  bool has_committed(std::uint64_t n) const {
    const auto found = ended_.find(n);
    return found != ended_.end() && found->second == TransactionEnd::commit;
  }
  const Counts& committed() const { return committed_; }

 private:
  struct Transaction {
    Records records;
    bool durable = true;
  };
  static std::string vote_of(const Records& records) {
    std::size_t sum = records.size();
    for (const std::size_t record : records) {
      sum = sum * 31 + record;
    }
    return std::to_string(sum);
  }
  void end(std::uint64_t n, TransactionEnd how) {
    require(!ended_.contains(n), "a transaction ends once");
    ended_[n] = how;
    prepared_.erase(n);
  }

  Counts committed_;
  Records open_;
  Records sealed_;
  std::uint64_t sealed_number_ = 0;
  std::map<std::uint64_t, Transaction> prepared_;
  std::map<std::uint64_t, TransactionEnd> ended_;
};

/// Everything outside of the worker.
struct Outside {
  explicit Outside(const Graph& graph)
      : upstreams(graph.sources), downstreams(graph.sinks, Downstream(graph.records)) {}
  std::vector<Upstream> upstreams;
  std::vector<Downstream> downstreams;
  Disk disk;
};

}  // namespace wallaroo::internal::sim
