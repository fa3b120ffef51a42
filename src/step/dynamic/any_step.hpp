// Steps of chains that are made at run time: the steps of typed chains behind one interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "step/dynamic/receiver.hpp"
#include "step/sampled_calls.hpp"
#include "step/segment.hpp"
#include "step/steps/join_step.hpp"
#include "step/steps/temporal.hpp"

namespace wallaroo::internal {

/// A step that hands its outputs to the next receiver. The members about time are those of
/// steps/temporal.hpp; steps that do not know about time keep these defaults.
template <class Traits>
class AnyStep : public Receiver<Traits> {
 public:
  /// Call once, before the first record.
  void lead_to(Receiver<Traits>& next) { next_ = &next; }

  virtual StageRuntime& stage() = 0;
  /// Null for steps without state.
  virtual StageState* state() = 0;
  /// Adds the step's functions to the sampler, see add_calls_of.
  virtual void add_calls(Sampler& sampler, bool& behind_firing) = 0;
  /// Adds what was counted since the last call to the metrics. Takes the number of records that
  /// came in, and returns the number of outputs.
  virtual std::uint64_t publish(std::uint64_t records) = 0;

  virtual bool temporal() const { return false; }
  virtual void begin_batch(ChainContext&) {}
  /// Called after the records of a batch, and after steps before have emitted without one: what
  /// the step has held back goes on now.
  virtual void end_batch(ChainContext&) {}
  virtual Watermark set_watermark(Watermark in) { return in; }
  virtual bool pending() const { return false; }
  virtual bool fire(ChainContext&) { return false; }
  virtual std::int64_t due_ns() const { return end_of_time; }
  virtual void on_time(ChainContext&, std::int64_t) {}
  virtual void skip_time(std::int64_t) {}
  virtual bool waiting() const { return false; }
  virtual void open_partition(std::uint64_t, std::int64_t, bool) {}
  virtual void end_partition(std::uint64_t) {}
  virtual void leave_partition(std::uint64_t) {}
  virtual void forget_partition(std::uint64_t) {}
  virtual void end_partitions() {}
  virtual bool has_event_time() const { return false; }
  virtual std::optional<std::uint64_t> partition_behind() const { return std::nullopt; }

 protected:
  Receiver<Traits>& next() { return *next_; }

 private:
  Receiver<Traits>* next_ = nullptr;
};

/// True for the types of steps that take both sides of a join.
template <class Step>
inline constexpr bool takes_sides = false;
template <JoinKind kind, class F, class Left, class Right, class Key, bool SplitLate>
inline constexpr bool takes_sides<JoinStep<kind, F, Left, Right, Key, SplitLate>> = true;

/// Makes a typed step an AnyStep. It takes and emits Traits::Record; late records, and the sides of
/// joins, are marked by Traits.
template <class Traits, class Step>
class StepAdapter : public AnyStep<Traits> {
 public:
  using Record = typename Traits::Record;

  StepAdapter(const typename Step::Spec& spec, const SegmentContext& context)
      : step_(spec, context) {}

  void accept(ChainContext& context, const KeyTimeOf<Traits>& key_time, Record&& record) override {
    if constexpr (is_temporal<Step>) {
      auto next = with_time(context);
      step_.template apply<Pass::timed>(context, tally_, key_time, taken(std::move(record)), next);
    } else {
      step_.template apply<Pass::timed>(context, tally_, key_time, std::move(record),
                                        Next{*this, context, key_time});
    }
  }
  void fetch(const std::uint64_t* hashes, std::size_t count) override {
    if constexpr (requires { step_.fetch(hashes, count); }) {
      step_.fetch(hashes, count);
    }
  }

  StageRuntime& stage() override { return step_.stage(); }
  StageState* state() override {
    if constexpr (requires { step_.stage_state(); }) {
      return step_.stage_state();
    } else {
      return nullptr;
    }
  }
  void add_calls(Sampler& sampler, bool& behind_firing) override {
    add_calls_of(sampler, step_, behind_firing);
  }
  std::uint64_t publish(std::uint64_t records) override {
    const std::uint64_t counted = std::exchange(tally_, 0);
    const std::uint64_t outputs = Step::tallies_losses ? records - counted : counted;
    stage().metrics.records_in.add(records);
    stage().metrics.records_out.add(outputs);
    return outputs;
  }

 protected:
  /// The next step, as temporal steps call it.
  auto with_time(ChainContext& context) {
    return [this, &context](const auto& key_time, auto&& output) {
      this->next().accept(context, {{key_time.key.hash, key_time.key.key}, key_time.time_ns},
                          record_of(std::forward<decltype(output)>(output)));
    };
  }

  Step step_;
  std::uint64_t tally_ = 0;

 private:
  /// The next step, as other steps call it.
  struct Next {
    StepAdapter& step;
    ChainContext& context;
    const KeyTimeOf<Traits>& key_time;

    template <class Output>
    void operator()(Output&& output) const {
      step.next().accept(context, key_time, record_of(std::forward<Output>(output)));
    }
    void all(Record* outputs, std::size_t size) const {
      step.next().accept_all(context, key_time, outputs, size);
    }
  };

  static decltype(auto) taken(Record&& record) {
    if constexpr (takes_sides<Step>) {
      using Either = typename Step::Record;
      return Traits::side_of(record) == 0 ? Either(std::in_place_index<0>, std::move(record))
                                          : Either(std::in_place_index<1>, std::move(record));
    } else {
      return std::move(record);
    }
  }
  static Record record_of(const Record& record) { return record; }
  static Record&& record_of(Record&& record) { return std::move(record); }
  template <class Taken>
  static Record record_of(std::variant<Record, Late<Taken>>&& output) {
    if (auto* const result = std::get_if<0>(&output)) {
      return std::move(*result);
    }
    return Traits::late(record_of(std::get<1>(std::move(output)).record));
  }
  static Record record_of(EitherSide<Record, Record>&& side) {
    return std::visit([](Record& record) { return std::move(record); }, side);
  }
};

/// The same for steps that know about time.
template <class Traits, class Step>
class TemporalAdapter final : public StepAdapter<Traits, Step> {
  using Base = StepAdapter<Traits, Step>;
  using Base::step_;
  using Base::tally_;

 public:
  using Base::Base;

  bool temporal() const override { return true; }
  void begin_batch(ChainContext& context) override { step_.begin_batch(context); }
  Watermark set_watermark(Watermark in) override { return step_.set_watermark(in); }
  bool pending() const override { return step_.pending(); }
  bool fire(ChainContext& context) override {
    auto next = this->with_time(context);
    return step_.fire(context, tally_, next);
  }
  std::int64_t due_ns() const override { return step_.due_ns(); }
  void on_time(ChainContext& context, std::int64_t now_ns) override {
    auto next = this->with_time(context);
    step_.on_time(context, now_ns, tally_, next);
  }
  void skip_time(std::int64_t gap_ns) override { step_.skip_time(gap_ns); }
  bool waiting() const override { return step_.waiting(); }
  void open_partition(std::uint64_t partition, std::int64_t now_ns, bool bounded) override {
    step_.open_partition(partition, now_ns, bounded);
  }
  void end_partition(std::uint64_t partition) override { step_.end_partition(partition); }
  void leave_partition(std::uint64_t partition) override { step_.leave_partition(partition); }
  void forget_partition(std::uint64_t partition) override { step_.forget_partition(partition); }
  void end_partitions() override { step_.end_partitions(); }
  bool has_event_time() const override { return step_.has_event_time(); }
  std::optional<std::uint64_t> partition_behind() const override {
    return step_.partition_behind();
  }
};

/// Makes the step of one chain, on one executor.
template <class Traits>
using StepFactory = std::function<std::unique_ptr<AnyStep<Traits>>(const SegmentContext&)>;

template <class Traits, class Step>
StepFactory<Traits> step_factory(typename Step::Spec spec) {
  using Adapter = std::conditional_t<is_temporal<Step>, TemporalAdapter<Traits, Step>,
                                     StepAdapter<Traits, Step>>;
  return [spec = std::move(spec)](const SegmentContext& context) {
    return std::make_unique<Adapter>(spec, context);
  };
}

}  // namespace wallaroo::internal
