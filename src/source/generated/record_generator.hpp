// A source that calls a function of the user for each record.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <wallaroo/types/decoded.hpp>

#include "base/current_error.hpp"
#include "record/payload.hpp"
#include "record/record_batch.hpp"
#include "source/generated/pacer.hpp"
#include "source/generated/record_position.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Partition p of P makes the records whose index is p modulo P. One reader makes the partitions
/// of an executor in turn, so it makes every index i with i mod P mod executors == executor's
/// index. After a restore from another number of executors, its partitions may be unevenly far. It
/// always makes the least index next, which evens them out; from then on it need not compare them.
template <class T, class Function>
class GeneratorReader final : public SourceReader {
 public:
  struct Share {
    std::vector<GeneratorPosition> partitions;  ///< in order
    int executors = 1;
  };

  GeneratorReader(GeneratorPace pace, Share share, const Function& function,
                  const ReaderContext& context)
      : pace_(pace),
        step_(static_cast<std::uint64_t>(share.executors)),
        positions_(std::move(share.partitions)),
        function_(function),
        context_(context),
        pacer_(pace.rate_per_second * static_cast<double>(positions_.size()) / pace.partitions),
        ended_(std::all_of(positions_.begin(), positions_.end(),
                           [](const GeneratorPosition& each) { return each.ended; })) {
    become_even();
  }

  void start() override {
    pacer_.start(context_.clock.now_ns());
    if (!ended_) {
      context_.receiver.open_partition(0);
    }
  }

  bool poll() override {
    if (finished()) {
      return false;
    }
    const std::int64_t now_ns = context_.clock.now_ns();
    const std::uint64_t due = std::min<std::uint64_t>(pacer_.due(now_ns), RecordBatch<T>::capacity);
    if (due == 0) {
      wait_until(pacer_.next_due_ns(), now_ns);
      return false;
    }
    const std::uint64_t tried = fill(due);
    pacer_.took(tried);
    context_.metrics.records.add(tried);
    if (std::exchange(refused_, false)) {
      context_.refusals.flush();
    }
    if (batch_.size() != 0) {
      batch_.ingest_ns = now_ns;
      context_.receiver.receive(batch_);
      batch_.reset();
    }
    return true;
  }
  void stop() override { ended_ = true; }
  bool finished() const override { return ended_; }
  std::vector<SourcePosition> save(std::uint64_t) override {
    std::vector<SourcePosition> saved;
    for (GeneratorPosition position : positions_) {
      if (even_) {
        position.next = (round_ + (position.partition < partition_ ? 1 : 0)) * partitions() +
                        position.partition;
      }
      position.ended = position.ended || exhausted_;
      saved.push_back(encode(position));
    }
    return saved;
  }

 private:
  std::uint64_t partitions() const { return static_cast<std::uint64_t>(pace_.partitions); }

  using Result = std::remove_cvref_t<std::invoke_result_t<Function&, std::uint64_t>>;

  // Returns how many indexes had a record, or should have had one.
  std::uint64_t fill(std::uint64_t records) {
    std::size_t payload = 0;
    std::uint64_t tried = 0;
    while (tried < records && payload < max_batch_bytes) {
      const std::uint64_t index = next_index();
      ended_ = pace_.count != 0 && index >= pace_.count;
      if (!ended_ && make(index)) {
        payload += payload_bytes(*(batch_.end() - 1));
      }
      if (ended_) {
        break;
      }
      advance();
      ++tried;
    }
    return tried;
  }
  // Returns true if the batch has one record more.
  bool make(std::uint64_t index) {
    if constexpr (std::is_same_v<Result, Decoded<T>>) {
      return take(decoded(index), index);
    } else {
      try {
        return take(std::invoke(function_, index));
      } catch (...) {
        refuse(index, current_error());
        return false;
      }
    }
  }
  template <class Made>
  bool take(Made&& record) {
    if constexpr (std::is_same_v<Result, std::optional<T>>) {
      ended_ = exhausted_ = !record.has_value();
      if (!ended_) {
        batch_.emplace(*std::forward<Made>(record));
      }
      return !ended_;
    } else {
      batch_.emplace(std::forward<Made>(record));
      return true;
    }
  }
  bool take(Decoded<T> made, std::uint64_t index) {
    if (auto* record = std::get_if<0>(&made)) {
      batch_.emplace(std::move(*record));
      return true;
    }
    if (auto* bad = std::get_if<BadRecord>(&made)) {
      refuse(index, bad->reason);
    }
    return false;
  }
  Decoded<T> decoded(std::uint64_t index) {
    try {
      return std::invoke(function_, index);
    } catch (...) {
      return BadRecord{current_error()};
    }
  }
  [[gnu::noinline, gnu::cold]] void refuse(std::uint64_t index, std::string_view error) {
    refused_ = true;
    context_.refusals.refuse(error, std::to_string(index));
  }
  std::uint64_t next_index() {
    if (!even_) [[unlikely]] {
      return least()->next;
    }
    return round_ * partitions() + partition_;
  }
  void advance() {
    if (!even_) [[unlikely]] {
      least()->next += partitions();
      become_even();
      return;
    }
    partition_ += step_;
    if (partition_ >= partitions()) {
      partition_ = positions_.front().partition;
      ++round_;
    }
  }
  // The partition with the least index. Requires that one has not ended.
  std::vector<GeneratorPosition>::iterator least() {
    return std::min_element(positions_.begin(), positions_.end(), [](const auto& a, const auto& b) {
      return std::tuple(a.ended, a.next) < std::tuple(b.ended, b.next);
    });
  }
  void become_even() {
    if (positions_.empty()) {
      return;
    }
    round_ = positions_.front().next / partitions();
    partition_ = positions_.front().partition;
    even_ = std::all_of(positions_.begin(), positions_.end(), [this](const auto& each) {
      return !each.ended && each.next / partitions() == round_;
    });
  }
  void wait_until(std::int64_t due_ns, std::int64_t now_ns) {
    if (!timer_set_) {
      timer_set_ = true;
      context_.loop.after(std::chrono::nanoseconds(std::max<std::int64_t>(due_ns - now_ns, 0)),
                          [this] { timer_set_ = false; });
    }
  }

  GeneratorPace pace_;
  std::uint64_t step_;
  std::vector<GeneratorPosition> positions_;  // exact only while they are not even
  bool even_ = false;                         // all are in the same round; partition_ is next
  std::uint64_t partition_ = 0;
  std::uint64_t round_ = 0;
  Function function_;
  ReaderContext context_;
  Pacer pacer_;
  RecordBatch<T> batch_;
  bool timer_set_ = false;
  bool refused_ = false;
  bool exhausted_ = false;  // the function has said that nothing follows
  bool ended_;
};

template <class T, class Function>
class GeneratorSource final : public Source {
 public:
  GeneratorSource(std::string name, GeneratorPace pace, Function function)
      : name_(std::move(name)), pace_(pace), function_(std::move(function)) {}

  void open() override { check_generator(name_, pace_); }
  void set_address(const std::string&) override { refuse_address(name_, "generator"); }
  std::string address() const override { return "generator"; }
  void restore(std::vector<SourcePosition> positions) override {
    restored_ = restored_generator(name_, pace_, positions);
  }
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override {
    using Reader = GeneratorReader<T, Function>;
    typename Reader::Share share{{}, executors};
    for (int p = index; p < pace_.partitions; p += executors) {
      const auto partition = static_cast<std::uint64_t>(p);
      share.partitions.push_back(
          restored_.empty()
              ? GeneratorPosition{.partition = partition,
                                  .next = partition,
                                  .partitions = static_cast<std::uint64_t>(pace_.partitions)}
              : restored_[partition]);
    }
    return std::make_unique<Reader>(pace_, std::move(share), function_, context);
  }

 private:
  std::string name_;
  GeneratorPace pace_;
  Function function_;
  std::vector<GeneratorPosition> restored_;  // of all partitions, or empty
};

}  // namespace wallaroo::internal
