// Sources that make records themselves: generators, and records in memory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <wallaroo/decoded.hpp>

#include "base/current_error.hpp"
#include "record/payload.hpp"
#include "record/record_batch.hpp"
#include "source/connector.hpp"
#include "source/pacer.hpp"

namespace wallaroo::internal {

struct GeneratorPace {
  double rate_per_second = 0;
  std::uint64_t count = 0;
  int partitions = 1;
};

/// Checks the options; throws ConfigError naming the source.
void check_generator(const std::string& source, const GeneratorPace& pace);
void check_memory_partitions(const std::string& source, int partitions);
[[noreturn]] void refuse_address(const std::string& source, const std::string& kind);

/// Partition p of P makes the records whose index is p modulo P; the partitions that share an
/// executor are made in turn by one connector, which so makes every index i with
/// i mod P mod executors == executor's index.
template <class T, class Function>
class GeneratorConnector final : public SourceConnector {
 public:
  GeneratorConnector(GeneratorPace pace, int index, int executors, const Function& function,
                     const ConnectorContext& context)
      : pace_(pace),
        first_partition_(index),
        step_(executors),
        partition_(index),
        function_(function),
        context_(context),
        pacer_(pace.rate_per_second * share(pace.partitions, index, executors) / pace.partitions),
        ended_(index >= pace.partitions) {}

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

 private:
  static int share(int partitions, int index, int executors) {
    return index >= partitions ? 0 : (partitions - index + executors - 1) / executors;
  }

  using Result = std::remove_cvref_t<std::invoke_result_t<Function&, std::uint64_t>>;

  // Returns how many indices had a record, or should have had one.
  std::uint64_t fill(std::uint64_t records) {
    std::size_t payload = 0;
    std::uint64_t tried = 0;
    while (tried < records && !ended_ && payload < max_batch_bytes) {
      const std::uint64_t index = round_ * static_cast<std::uint64_t>(pace_.partitions) +
                                  static_cast<std::uint64_t>(partition_);
      advance();
      if (pace_.count != 0 && index >= pace_.count) {
        ended_ = true;
      } else if (make(index)) {
        payload += payload_bytes(*(batch_.end() - 1));
      }
      tried += ended_ ? 0 : 1;
    }
    return tried;
  }
  // True when there is one record more in the batch.
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
      ended_ = !record.has_value();
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
  void advance() {
    partition_ += step_;
    if (partition_ >= pace_.partitions) {
      partition_ = first_partition_;
      ++round_;
    }
  }
  void wait_until(std::int64_t due_ns, std::int64_t now_ns) {
    if (!timer_set_) {
      timer_set_ = true;
      context_.loop.after(std::chrono::nanoseconds(std::max<std::int64_t>(due_ns - now_ns, 0)),
                          [this] { timer_set_ = false; });
    }
  }

  GeneratorPace pace_;
  int first_partition_;
  int step_;
  int partition_;
  std::uint64_t round_ = 0;
  Function function_;
  ConnectorContext context_;
  Pacer pacer_;
  RecordBatch<T> batch_;
  bool timer_set_ = false;
  bool refused_ = false;
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
  std::unique_ptr<SourceConnector> connector(int index, int executors,
                                             const ConnectorContext& context) override {
    return std::make_unique<GeneratorConnector<T, Function>>(pace_, index, executors, function_,
                                                             context);
  }

 private:
  std::string name_;
  GeneratorPace pace_;
  Function function_;
};

struct MemoryShares {
  std::uint64_t repeat = 1;
  int partitions = 1;
};

/// Reads the shares of the partitions that fall to its executor, one after the other, in batches.
template <class T>
class MemoryConnector final : public SourceConnector {
 public:
  MemoryConnector(MemoryShares shares, int index, int executors, std::span<const T> records,
                  const ConnectorContext& context)
      : shares_(shares),
        first_partition_(index),
        step_(executors),
        records_(records),
        context_(context) {
    // Every share has a record, so that repeating one for ever makes progress.
    shares_.partitions = static_cast<int>(std::min<std::size_t>(
        static_cast<std::size_t>(shares_.partitions), std::max<std::size_t>(records.size(), 1)));
    begin_round();
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
  bool finished() const override { return stopped_ || partition_ >= shares_.partitions; }

 private:
  static constexpr int batches_per_poll = 8;

  void deliver(std::int64_t now_ns) {
    batch_.data = next_;
    batch_.count = std::min<std::size_t>(static_cast<std::size_t>(end_ - next_), max_batch_records);
    batch_.ingest_ns = now_ns;
    next_ += batch_.count;
    context_.metrics.records.add(batch_.count);
    context_.metrics.bytes.add(batch_.count * sizeof(T));
    if (batch_.count != 0) {
      context_.receiver.receive(batch_);
    }
    while (next_ == end_ && !finished()) {
      partition_ += step_;
      if (partition_ >= shares_.partitions) {
        ++round_;
        begin_round();
      } else {
        begin_share();
      }
    }
  }
  void begin_round() {
    const bool another = (shares_.repeat == 0 || round_ < shares_.repeat) && !records_.empty();
    partition_ = another ? first_partition_ : shares_.partitions;
    begin_share();
  }
  void begin_share() {
    if (partition_ >= shares_.partitions) {
      next_ = end_ = nullptr;
      return;
    }
    const auto bound = [&](int partition) {
      return records_.data() + records_.size() * static_cast<std::size_t>(partition) /
                                   static_cast<std::size_t>(shares_.partitions);
    };
    next_ = bound(partition_);
    end_ = bound(partition_ + 1);
  }

  MemoryShares shares_;
  int first_partition_;
  int step_;
  int partition_ = 0;
  std::uint64_t round_ = 0;
  std::span<const T> records_;
  const T* next_ = nullptr;
  const T* end_ = nullptr;
  ConnectorContext context_;
  SpanBatch<T> batch_;
  bool stopped_ = false;
};

template <class T>
class MemorySource final : public Source {
 public:
  MemorySource(std::string name, MemoryShares shares, std::span<const T> records)
      : name_(std::move(name)), shares_(shares), records_(records) {}

  void open() override { check_memory_partitions(name_, shares_.partitions); }
  void set_address(const std::string&) override { refuse_address(name_, "memory source"); }
  std::string address() const override { return "memory"; }
  std::unique_ptr<SourceConnector> connector(int index, int executors,
                                             const ConnectorContext& context) override {
    return std::make_unique<MemoryConnector<T>>(shares_, index, executors, records_, context);
  }

 private:
  std::string name_;
  MemoryShares shares_;
  std::span<const T> records_;
};

}  // namespace wallaroo::internal
