// A chain whose steps are known at run time only, for pipelines that a program in another language
// describes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "step/dynamic/any_end.hpp"
#include "step/dynamic/any_head.hpp"
#include "step/dynamic/any_step.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// The parts of a chain, from which each executor makes its own.
template <class Traits>
struct DynamicChainSpec {
  HeadFactory<Traits> head;
  std::vector<StepFactory<Traits>> steps;
  std::vector<EndFactory<Traits>> ends;  ///< one at least
};

/// Does what Chain does, with a virtual call for each record and step. Everything that may call
/// functions of the user, or destroy records, happens inside a Traits::Scope, one for each batch.
template <class Traits>
class DynamicChain final : public Segment {
  using Scope = typename Traits::Scope;

 public:
  DynamicChain(const DynamicChainSpec<Traits>& spec, const SegmentContext& context)
      : context_(context), clock_(context.clock), outlets_(context.outlets) {
    const Scope scope;
    head_ = spec.head(context);
    for (const auto& make : spec.steps) {
      steps_.push_back(make(context));
    }
    auto next_outlet = context.outlets.begin();
    for (const auto& make : spec.ends) {
      ends_.add(make(context, next_outlet));
    }
    connect();
    add_calls();
  }
  ~DynamicChain() override {
    const Scope scope;
    steps_.clear();
    head_.reset();
  }

  void process(Batch& batch) override {
    const Scope scope;
    context_.begin(batch);
    for (auto& step : steps_) {
      step->begin_batch(context_);
    }
    std::size_t left = head_->begin(context_, batch);
    input_ += left;
    counted_ = true;
    if (left != 0) {
      const auto clock = [this] { return steady_.now_ns(); };
      context_.sampler.begin_batch(batch.ingest_ns, left, clock);
      while (left != 0) {
        const auto part = static_cast<std::size_t>(
            context_.sampler.take_part(static_cast<std::ptrdiff_t>(left), clock));
        head_->pass(context_, part, *first_);
        left -= part;
      }
    }
    context_.origin = {};
    end_batch();
    pass_watermark();
  }

  void set_watermark(Watermark watermark) override {
    const Scope scope;
    watermark_ = watermark;
    pass_watermark();
  }

  bool fire() override {
    if (!pending()) {
      return false;
    }
    const Scope scope;
    bool more = false;
    without_batch(clock_.now_ns(), last_waiting(),
                  [&](auto& step) { more = step.fire(context_) || more; });
    // Firing may have moved the watermark of later steps, and so made more due.
    return more || pending();
  }

  void on_time(std::int64_t now_ns) override {
    const Scope scope;
    without_batch(now_ns, 0, [&](auto& step) { step.on_time(context_, now_ns); });
  }

  bool waiting() const override {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const auto& step) { return step->waiting(); });
  }

  std::int64_t due_ns() const override {
    std::int64_t due = end_of_time;
    if (!waiting()) {
      for (const auto& step : steps_) {
        due = std::min(due, step->due_ns());
      }
    }
    return due;
  }

  void open_partition(std::uint64_t partition, bool bounded) override {
    const std::int64_t now_ns = clock_.now_ns();
    tell([&](auto& step) { step.open_partition(partition, now_ns, bounded); });
  }
  void end_partition(std::uint64_t partition) override {
    tell([&](auto& step) { step.end_partition(partition); });
  }
  void leave_partition(std::uint64_t partition) override {
    tell([&](auto& step) { step.leave_partition(partition); });
  }
  void forget_partition(std::uint64_t partition) override {
    tell([&](auto& step) { step.forget_partition(partition); });
  }
  void end_partitions() override {
    tell([](auto& step) { step.end_partitions(); });
  }
  void skip_time(std::int64_t gap_ns) override {
    for (auto& step : steps_) {
      step->skip_time(gap_ns);
    }
  }

  bool has_event_time() const override {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const auto& step) { return step->has_event_time(); });
  }
  std::optional<std::uint64_t> partition_behind() const override {
    for (const auto& step : steps_) {
      // The first step with an answer counts: only it sees the partitions of the source.
      if (const auto behind = step->partition_behind()) {
        return behind;
      }
    }
    return std::nullopt;
  }

  void finish() override {
    const Scope scope;
    for (const auto& end : ends_) {
      end->finish();
    }
  }

  void flush(bool everything) override {
    publish();
    for (const auto& end : ends_) {
      end->flush(everything);
    }
    context_.failures.flush();
  }

  std::vector<KeptState> states() override {
    std::vector<KeptState> states;
    for (auto& step : steps_) {
      if (StageState* const state = step->state()) {
        states.push_back({&step->stage(), state});
      }
    }
    return states;
  }

 private:
  void connect() {
    Receiver<Traits>* next = &ends_;
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      (*step)->lead_to(*next);
      next = step->get();
    }
    first_ = next;
  }
  void add_calls() {
    head_->add_calls(context_.sampler);
    bool behind_firing = false;
    for (auto& step : steps_) {
      step->add_calls(context_.sampler, behind_firing);
    }
    for (const auto& end : ends_) {
      end->add_calls(context_.sampler, behind_firing);
    }
  }

  bool pending() const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const auto& step) { return step->pending(); });
  }
  /// The index of the last step at which records wait, 0 if there is none. Earlier steps must not
  /// give it more records.
  std::size_t last_waiting() const {
    std::size_t last = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      last = steps_[i]->waiting() ? i : last;
    }
    return last;
  }

  /// Lets steps that know about time, from step `from` on, emit records without an input batch.
  template <class Work>
  void without_batch(std::int64_t now_ns, std::size_t from, Work&& work) {
    context_.begin_at(now_ns);
    context_.sampler.look(steady_.now_ns());
    for (std::size_t i = from; i < steps_.size(); ++i) {
      if (steps_[i]->temporal()) {
        work(*steps_[i]);
      }
    }
    counted_ = true;
    end_batch();
    pass_watermark();
  }
  void end_batch() {
    for (auto& step : steps_) {
      step->end_batch(context_);
    }
    context_.end();
  }

  template <class Visit>
  void tell(Visit&& visit) {
    const Scope scope;
    for (auto& step : steps_) {
      visit(*step);
    }
    pass_watermark();
  }

  void pass_watermark() {
    Watermark watermark = watermark_;
    for (auto& step : steps_) {
      watermark = step->set_watermark(watermark);
    }
    for (Outlet* const outlet : outlets_) {
      outlet->set_watermark(watermark);
    }
  }

  void publish() {
    if (!std::exchange(counted_, false)) {
      return;
    }
    std::uint64_t records = head_->publish(std::exchange(input_, 0));
    for (auto& step : steps_) {
      records = step->publish(records);
    }
    for (const auto& end : ends_) {
      end->publish(records);
    }
  }

  ChainContext context_;
  const Clock& clock_;
  SteadyClock steady_;  ///< times calls in real time, even when a test moves the engine's clock
  std::vector<Outlet*> outlets_;
  std::unique_ptr<AnyHead<Traits>> head_;
  std::vector<std::unique_ptr<AnyStep<Traits>>> steps_;
  Ends<Traits> ends_;
  Receiver<Traits>* first_ = nullptr;
  Watermark watermark_;
  std::uint64_t input_ = 0;
  bool counted_ = false;  ///< there are counts that are not published
};

}  // namespace wallaroo::internal
