// Heads of chains that are made at run time: they take records out of batches.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "step/dynamic/receiver.hpp"
#include "step/failures/failed_record.hpp"
#include "step/input.hpp"
#include "step/sampled_calls.hpp"
#include "step/segment.hpp"
#include "step/steps/decode_step.hpp"

namespace wallaroo::internal {

template <class Traits>
class AnyHead {
 public:
  AnyHead() = default;
  AnyHead(const AnyHead&) = delete;
  AnyHead& operator=(const AnyHead&) = delete;
  virtual ~AnyHead() = default;

  /// Begins a batch, and returns the number of its records.
  virtual std::size_t begin(ChainContext& context, Batch& batch) = 0;
  /// Gives the next records of the batch to `first`. Each is moved out of the batch before, so
  /// that it does not outlive the chain's Scope.
  virtual void pass(ChainContext& context, std::size_t records, Receiver<Traits>& first) = 0;
  /// Moves the records that were not passed yet to a batch of their own, which can be begun later.
  /// `batch` is the one that was begun last.
  virtual std::unique_ptr<Batch> rest(const ChainContext& context, Batch& batch) = 0;
  virtual void add_calls(Sampler&) {}
  /// Takes the number of records of the batches since the last call, adds what was counted to the
  /// metrics, and returns how many records came out.
  virtual std::uint64_t publish(std::uint64_t records) { return records; }
};

/// Moves records from one on to a batch of their own.
template <class T>
std::unique_ptr<Batch> moved_from(T* next, RecordBatch<T>& batch) {
  auto rest = std::make_unique<RecordBatch<T>>();
  for (; next != batch.end(); ++next) {
    rest->emplace(std::move(*next));
  }
  return rest;
}

/// Accompanies a record without a key and without event time.
template <class Traits>
KeyTimeOf<Traits> without_key(const ChainContext& context) {
  static const typename Traits::Key none{};
  return {{0, none}, context.ingest_time_ns()};
}

/// Takes records of another chain from an edge.
template <class Traits>
class EdgeHead final : public AnyHead<Traits> {
 public:
  std::size_t begin(ChainContext&, Batch& batch) override {
    auto& slots = static_cast<RecordBatch<DynamicSlot<Traits>>&>(batch);
    next_ = slots.begin();
    return slots.size();
  }
  void pass(ChainContext& context, std::size_t records, Receiver<Traits>& first) override {
    while (records != 0) {
      const std::size_t told = std::min(records, Receiver<Traits>::most_told);
      tell(told, first);
      for (const auto* const end = next_ + told; next_ != end; ++next_) {
        auto& slot = next_->slot;
        typename Traits::Record record = std::move(slot.value);
        first.accept(context, {{slot.hash, slot.key}, next_->time_ns}, std::move(record));
      }
      records -= told;
    }
  }

  std::unique_ptr<Batch> rest(const ChainContext&, Batch& batch) override {
    return moved_from(next_, static_cast<RecordBatch<DynamicSlot<Traits>>&>(batch));
  }

 private:
  void tell(std::size_t records, Receiver<Traits>& first) const {
    std::array<std::uint64_t, Receiver<Traits>::most_told> hashes;
    for (std::size_t i = 0; i < records; ++i) {
      hashes[i] = next_[i].slot.hash;
    }
    first.fetch(hashes.data(), records);
  }

  DynamicSlot<Traits>* next_ = nullptr;
};

/// Takes frames of a source of bytes, and calls the decoder.
template <class Traits, class Decoder>
class FrameHead final : public AnyHead<Traits> {
 public:
  using Step = DecodeStep<Decoder>;

  FrameHead(const typename Step::Spec& spec, const SegmentContext& context)
      : decode_(spec, context) {}

  std::size_t begin(ChainContext& context, Batch& batch) override {
    const auto [begin, end] = FrameInput::slots(context, batch);
    next_ = begin;
    return static_cast<std::size_t>(end - begin);
  }
  void pass(ChainContext& context, std::size_t records, Receiver<Traits>& first) override {
    const KeyTimeOf<Traits> key_time = without_key<Traits>(context);
    auto next = [&](auto&& record) {
      first.accept(context, key_time, std::forward<decltype(record)>(record));
    };
    for (const auto* const end = next_ + records; next_ != end; ++next_) {
      decode_.template apply<Pass::timed>(context, tally_, NoKey{}, *next_, next);
      FrameInput::next(context);
    }
  }
  std::unique_ptr<Batch> rest(const ChainContext& context, Batch& batch) override {
    auto& frames = static_cast<FrameBatch&>(batch);
    auto rest = std::make_unique<FrameBatch>();
    rest->frames.assign(next_, std::as_const(frames).frames.data() + frames.frames.size());
    // The connection to which the text belongs may end.
    origin_ = std::string(frames.origin);
    rest->origin = origin_;
    rest->first_position = context.position;
    return rest;
  }
  void add_calls(Sampler& sampler) override {
    bool behind_firing = false;
    add_calls_of(sampler, decode_, behind_firing);
  }
  std::uint64_t publish(std::uint64_t records) override {
    const std::uint64_t counted = std::exchange(tally_, 0);
    const std::uint64_t outputs = Step::tallies_losses ? records - counted : counted;
    decode_.stage().metrics.records_in.add(records);
    decode_.stage().metrics.records_out.add(outputs);
    return outputs;
  }

 private:
  Step decode_;
  const std::string_view* next_ = nullptr;
  std::string origin_;  ///< of the rest of a batch
  std::uint64_t tally_ = 0;
};

/// Takes values of type Value, from a source that makes them or from the dead letters, and turns
/// them into records with `Convert`.
template <class Traits, class Value, class Convert>
class ValueHead final : public AnyHead<Traits> {
 public:
  ValueHead(StageRuntime& stage, Convert convert) : stage_(stage), convert_(std::move(convert)) {}

  std::size_t begin(ChainContext&, Batch& batch) override {
    auto& values = static_cast<RecordBatch<Value>&>(batch);
    next_ = values.begin();
    return values.size();
  }
  void pass(ChainContext& context, std::size_t records, Receiver<Traits>& first) override {
    const KeyTimeOf<Traits> key_time = without_key<Traits>(context);
    for (const auto* const end = next_ + records; next_ != end; ++next_) {
      first.accept(context, key_time, convert_(std::move(*next_)));
    }
  }
  std::unique_ptr<Batch> rest(const ChainContext&, Batch& batch) override {
    return moved_from(next_, static_cast<RecordBatch<Value>&>(batch));
  }
  std::uint64_t publish(std::uint64_t records) override {
    stage_.metrics.records_in.add(records);
    stage_.metrics.records_out.add(records);
    return records;
  }

 private:
  StageRuntime& stage_;
  Convert convert_;
  Value* next_ = nullptr;
};

/// Makes the head of one chain, on one executor.
template <class Traits>
using HeadFactory = std::function<std::unique_ptr<AnyHead<Traits>>(const SegmentContext&)>;

template <class Traits, class Decoder>
HeadFactory<Traits> frame_head(StageId stage, Decoder decoder) {
  using Made = FrameHead<Traits, Decoder>;
  return [spec = typename Made::Step::Spec{stage, std::move(decoder)}](
             const SegmentContext& context) { return std::make_unique<Made>(spec, context); };
}

template <class Traits>
HeadFactory<Traits> record_head(StageId stage) {
  using Record = typename Traits::Record;
  const auto same = [](Record&& record) { return Record(std::move(record)); };
  return [stage, same](const SegmentContext& context) {
    return std::make_unique<ValueHead<Traits, Record, decltype(same)>>(*context.stages.at(stage),
                                                                       same);
  };
}

template <class Traits>
HeadFactory<Traits> dead_letter_head(StageId stage) {
  const auto convert = [](CarriedLetter&& letter) { return Traits::of(std::move(letter)); };
  return [stage, convert](const SegmentContext& context) {
    return std::make_unique<ValueHead<Traits, CarriedLetter, decltype(convert)>>(
        *context.stages.at(stage), convert);
  };
}

template <class Traits>
HeadFactory<Traits> edge_head() {
  return [](const SegmentContext&) { return std::make_unique<EdgeHead<Traits>>(); };
}

}  // namespace wallaroo::internal
