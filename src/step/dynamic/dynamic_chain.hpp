// A chain whose steps are known at run time only, for pipelines that a program in another language
// describes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "step/dynamic/any_end.hpp"
#include "step/dynamic/any_head.hpp"
#include "step/dynamic/any_step.hpp"
#include "step/dynamic/pace.hpp"
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
///
/// Functions may be slow here. When a batch has taken `longest_ns`, the chain gives way: the rest
/// of the batch waits, as records do that wait for timers, and `fire` goes on with it. What is told
/// about the time behind the batch waits, too.
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
    rest_.reset();
    steps_.clear();
    head_.reset();
  }

  void process(Batch& batch) override {
    const Scope scope;
    while (rest_ != nullptr) {
      go_on();  // for sources that do not ask before they give the next batch
    }
    pass_slice(batch);
  }

  void set_watermark(Watermark watermark) override {
    const Scope scope;
    after_batch([this, watermark] {
      watermark_ = watermark;
      pass_watermark();
    });
  }

  bool fire() override {
    const bool in_batch = unfinished() && !step_waits();
    if (!in_batch && !pending()) {
      return false;
    }
    const Scope scope;
    if (in_batch) {
      go_on();
      return unfinished() || pending();
    }
    bool more = false;
    without_batch(clock_.now_ns(), last_waiting(),
                  [&](auto& step) { more = step.fire(context_) || more; });
    // Firing may have moved the watermark of later steps, and so made more due.
    return more || unfinished() || pending();
  }

  void on_time(std::int64_t now_ns) override {
    const Scope scope;
    after_batch([this, now_ns] {
      without_batch(now_ns, 0, [&](auto& step) { step.on_time(context_, now_ns); });
    });
  }

  bool waiting() const override { return unfinished() || step_waits(); }
  bool unfinished() const override { return rest_ != nullptr; }
  /// As many as pass in `longest_ns`.
  std::size_t most_records() const override { return pace_.records(); }

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
    tell([=](auto& step) { step.open_partition(partition, now_ns, bounded); });
  }
  void end_partition(std::uint64_t partition) override {
    tell([=](auto& step) { step.end_partition(partition); });
  }
  void leave_partition(std::uint64_t partition) override {
    tell([=](auto& step) { step.leave_partition(partition); });
  }
  void forget_partition(std::uint64_t partition) override {
    tell([=](auto& step) { step.forget_partition(partition); });
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
        states.push_back({&step->stage(), state, &in_scope});
      }
    }
    return states;
  }

 private:
  static constexpr std::int64_t longest_ns = 2'000'000;
  static constexpr std::size_t records_per_look = 32;  ///< at most, at the clock

  static void in_scope(const std::function<void()>& work) {
    const Scope scope;
    work();
  }

  void connect() {
    Receiver<Traits>* next = &ends_.receiver();
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

  /// Passes records of the batch for about `longest_ns`; the others become the rest.
  void pass_slice(Batch& batch) {
    context_.begin(batch);
    for (auto& step : steps_) {
      step->begin_batch(context_);
    }
    const std::size_t records = head_->begin(context_, batch);
    const std::size_t left = records == 0 ? 0 : pass_some(batch.ingest_ns, records);
    if (left != 0) {
      keep_rest(batch);
    }
    input_ += records - left;
    counted_ = true;
    context_.origin = {};
    end_batch();
    pass_watermark();
  }
  /// Returns how many records are left.
  std::size_t pass_some(std::int64_t ingest_ns, std::size_t records) {
    const auto clock = [this] { return steady_.now_ns(); };
    const std::int64_t began_ns = clock();
    context_.sampler.begin_batch(ingest_ns, records, clock);
    std::size_t left = records;
    std::int64_t now_ns = began_ns;
    while (left != 0 && now_ns < began_ns + longest_ns) {
      const std::size_t part = static_cast<std::size_t>(context_.sampler.take_part(
          static_cast<std::ptrdiff_t>(std::min(left, records_per_look)), clock));
      head_->pass(context_, part, *first_);
      left -= part;
      now_ns = clock();
    }
    pace_.passed(records - left, now_ns - began_ns);
    return left;
  }
  void keep_rest(Batch& batch) {
    std::unique_ptr<Batch> rest = head_->rest(context_, batch);
    rest->ingest_ns = batch.ingest_ns;
    rest->partition = batch.partition;
    rest->pins = batch.pins;
    rest_ = std::move(rest);
  }
  /// Goes on with the rest of a batch.
  void go_on() {
    const std::unique_ptr<Batch> batch = std::move(rest_);
    pass_slice(*batch);
    if (!unfinished()) {
      for (const auto& work : std::exchange(after_batch_, {})) {
        work();
      }
    }
  }
  /// Does the work when all records of the batch have passed.
  template <class Work>
  void after_batch(Work&& work) {
    if (unfinished()) {
      after_batch_.emplace_back(std::forward<Work>(work));
    } else {
      work();
    }
  }

  bool step_waits() const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const auto& step) { return step->waiting(); });
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
    after_batch([this, visit] {
      for (auto& step : steps_) {
        visit(*step);
      }
      pass_watermark();
    });
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
  Pace pace_{longest_ns};
  Watermark watermark_;
  std::unique_ptr<Batch> rest_;  ///< of the last batch; null when all of it has passed
  std::vector<std::function<void()>> after_batch_;  ///< waits for the rest
  std::uint64_t input_ = 0;
  bool counted_ = false;  ///< there are counts that are not published
};

}  // namespace wallaroo::internal
