// A source that reads records in the memory of an embedding program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "record/record_batch.hpp"
#include "source/generated/record_position.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Reads the shares of its executor's partitions in batches, one share after the other. The share
/// that was read least often comes first.
template <class T>
class MemoryReader final : public SourceReader {
 public:
  /// `positions` are those of its partitions, in order.
  MemoryReader(MemoryShares shares, std::vector<MemoryPosition> positions,
               std::span<const T> records, const ReaderContext& context)
      : shares_(shares), positions_(std::move(positions)), records_(records), context_(context) {
    select();
  }

  void start() override {
    if (!finished()) {
      context_.receiver.open_partition(0);
    }
  }

  bool poll() override {
    if (finished()) {
      return false;
    }
    const std::int64_t now_ns = context_.clock.now_ns();
    for (int batches = 0; batches < batches_per_poll && !finished(); ++batches) {
      if (context_.receiver.blocked()) {
        break;
      }
      deliver(now_ns);
    }
    return true;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_ || current_ == nullptr; }
  std::vector<SourcePosition> save(std::uint64_t) override {
    std::vector<SourcePosition> saved;
    for (const MemoryPosition& position : positions_) {
      saved.push_back(encode(position));
    }
    return saved;
  }

 private:
  static constexpr int batches_per_poll = 32;

  // Delivers a batch of the current partition's share, which is never empty.
  void deliver(std::int64_t now_ns) {
    const std::span<const T> share = share_of(current_->partition);
    const std::span<const T> rest = share.subspan(current_->next);
    batch_.data = rest.data();
    batch_.count = std::min<std::size_t>(rest.size(), max_batch_records);
    batch_.ingest_ns = now_ns;
    current_->next += batch_.count;
    context_.metrics.records.add(batch_.count);
    context_.metrics.bytes.add(batch_.count * sizeof(T));
    context_.receiver.receive(batch_);
    if (current_->next == share.size()) {
      current_->next = 0;
      ++current_->round;
      select();
    }
  }
  std::span<const T> share_of(std::uint64_t partition) const {
    const auto partitions = static_cast<std::uint64_t>(shares_.partitions);
    const std::size_t begin = records_.size() * partition / partitions;
    const std::size_t end = records_.size() * (partition + 1) / partitions;
    return records_.subspan(begin, end - begin);
  }
  void select() {
    const auto least =
        std::min_element(positions_.begin(), positions_.end(),
                         [](const auto& a, const auto& b) { return a.round < b.round; });
    const bool done = least == positions_.end() || records_.empty() ||
                      (shares_.repeat != 0 && least->round >= shares_.repeat);
    current_ = done ? nullptr : &*least;
  }

  MemoryShares shares_;
  std::vector<MemoryPosition> positions_;
  MemoryPosition* current_ = nullptr;
  std::span<const T> records_;
  ReaderContext context_;
  SpanBatch<T> batch_;
  bool stopped_ = false;
};

template <class T>
class MemorySource final : public Source {
 public:
  MemorySource(std::string name, MemoryShares shares, std::span<const T> records)
      : name_(std::move(name)), shares_(shares), records_(records) {}

  void open() override {
    check_memory_partitions(name_, shares_.partitions);
    // Every share must have a record, so that repeating it for ever makes progress.
    shares_.partitions = static_cast<int>(std::min<std::size_t>(
        static_cast<std::size_t>(shares_.partitions), std::max<std::size_t>(records_.size(), 1)));
  }
  void set_address(const std::string&) override { refuse_address(name_, "memory source"); }
  std::string address() const override { return "memory"; }
  void restore(std::vector<SourcePosition> positions) override {
    restored_ = restored_memory(name_, start(), positions);
  }
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override {
    std::vector<MemoryPosition> positions;
    for (int p = index; p < shares_.partitions; p += executors) {
      const auto partition = static_cast<std::uint64_t>(p);
      positions.push_back(partition < restored_.size() ? restored_[partition] : start());
      positions.back().partition = partition;
    }
    return std::make_unique<MemoryReader<T>>(shares_, std::move(positions), records_, context);
  }

 private:
  MemoryPosition start() const {
    return {.partitions = static_cast<std::uint64_t>(shares_.partitions),
            .records = records_.size()};
  }

  std::string name_;
  MemoryShares shares_;
  std::span<const T> records_;
  std::vector<MemoryPosition> restored_;  // of all partitions, or empty
};

}  // namespace wallaroo::internal
