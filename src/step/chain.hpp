// Fused stages: one loop over a batch, in which each record passes through all stages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "step/chain_context.hpp"
#include "step/chain_counts.hpp"
#include "step/first_step.hpp"
#include "step/input.hpp"
#include "step/sampled_calls.hpp"
#include "step/segment.hpp"
#include "step/steps/temporal.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// The types of all steps are known, so the compiler makes one loop of them; the only virtual call
/// is `process`, once per batch. Some records go through a copy of the loop body that times
/// functions, see Sampler.
template <class Input, class Terminal, class... Steps>
class Chain final : public Segment {
 public:
  struct Spec {
    Input input;
    std::tuple<typename Steps::Spec...> steps;
    typename Terminal::Spec terminal;
    /// The stage of a source without a decoder, whose records are counted here.
    std::optional<StageId> head_stage = std::nullopt;
  };

  Chain(const Spec& spec, const SegmentContext& context)
      : input_(spec.input),
        head_(spec.head_stage ? context.stages.at(*spec.head_stage) : nullptr),
        steps_(std::apply(
            [&](const auto&... each) { return std::tuple<Steps...>{Steps(each, context)...}; },
            spec.steps)),
        next_outlet_(context.outlets.begin()),
        terminal_(spec.terminal, context, next_outlet_),
        context_(context),
        clock_(context.clock),
        outlets_(context.outlets) {
    add_sampled_calls(context_.sampler, steps_, terminal_);
  }

  void process(Batch& batch) override {
    context_.begin(batch);
    for_each_temporal([&](auto& step, auto) { step.begin_batch(context_); });
    Counts tally;
    auto [slot, last] = input_.slots(context_, batch);
    const auto records = static_cast<std::size_t>(last - slot);
    const std::size_t counted = records_in<Input>(slot, last);
    if (records != 0) {
      const auto clock = [this] { return steady_.now_ns(); };
      context_.sampler.begin_batch(batch.ingest_ns, records, clock);
      const bool looks_ahead_now = wants_look_ahead();
      do {
        const auto stop = slot + context_.sampler.take_part(last - slot, clock);
        run_part(tally, looks_ahead_now, slot, stop);
        slot = stop;
      } while (slot != last);
    }
    context_.origin = {};
    end_batch(terminal_, context_);
    counts_.add(tally, counted);
    context_.end();
    if constexpr (temporal) {
      pass_watermark();
    }
  }

  void set_watermark(Watermark watermark) override {
    watermark_ = watermark;
    pass_watermark();
  }

  bool fire() override {
    if (!pending()) {
      return false;
    }
    bool more = false;
    const auto fire = [&](auto& step, std::uint64_t& tally, auto& next) {
      more = step.fire(context_, tally, next) || more;
    };
    without_batch(clock_.now_ns(), fire, last_waiting());
    // Firing may have moved the watermark of later steps, and so made more due.
    return more || pending();
  }

  void on_time(std::int64_t now_ns) override {
    without_batch(now_ns, [&](auto& step, std::uint64_t& tally, auto& next) {
      step.on_time(context_, now_ns, tally, next);
    });
  }

  bool waiting() const override {
    bool waiting = false;
    for_each_temporal([&](const auto& step, auto) { waiting = waiting || step.waiting(); });
    return waiting;
  }

  std::int64_t due_ns() const override {
    std::int64_t due = end_of_time;
    if (waiting()) {
      return due;
    }
    for_each_temporal([&](const auto& step, auto) { due = std::min(due, step.due_ns()); });
    return due;
  }

  void open_partition(std::uint64_t partition, bool bounded) override {
    const std::int64_t now_ns = clock_.now_ns();
    tell_temporal([&](auto& step, auto) { step.open_partition(partition, now_ns, bounded); });
  }
  void end_partition(std::uint64_t partition) override {
    tell_temporal([&](auto& step, auto) { step.end_partition(partition); });
  }
  void end_partitions() override {
    tell_temporal([&](auto& step, auto) { step.end_partitions(); });
  }

  void leave_partition(std::uint64_t partition) override {
    tell_temporal([&](auto& step, auto) { step.leave_partition(partition); });
  }
  void forget_partition(std::uint64_t partition) override {
    tell_temporal([&](auto& step, auto) { step.forget_partition(partition); });
  }
  void skip_time(std::int64_t gap_ns) override {
    for_each_temporal([&](auto& step, auto) { step.skip_time(gap_ns); });
  }

  bool has_event_time() const override {
    bool found = false;
    for_each_temporal([&](const auto& step, auto) { found = found || step.has_event_time(); });
    return found;
  }
  std::optional<std::uint64_t> partition_behind() const override {
    std::optional<std::uint64_t> behind;
    // The first step with an answer counts: only it sees the partitions of the source.
    for_each_temporal(
        [&](const auto& step, auto) { behind = behind ? behind : step.partition_behind(); });
    return behind;
  }

  void finish() override { terminal_.finish(); }

  std::vector<KeptState> states() override {
    std::vector<KeptState> states;
    const auto add = [&](auto& step) {
      if constexpr (requires { step.stage_state(); }) {
        states.push_back({&step.stage(), step.stage_state()});
      }
    };
    std::apply([&](auto&... step) { (add(step), ...); }, steps_);
    return states;
  }

  void flush(bool everything) override {
    counts_.publish(head_, steps_, terminal_);
    terminal_.flush(everything);
    context_.failures.flush();
  }

 private:
  using Counts = Tally<sizeof...(Steps)>;

  /// True when some step makes watermarks or waits for them.
  static constexpr bool temporal = (is_temporal<Steps> || ...);

  /// Calls visit(step, its index as a constant) for the temporal steps, in their order.
  template <class Visit>
  void for_each_temporal(Visit&& visit) const {
    visit_temporal(std::type_identity<std::tuple<Steps...>>{}, steps_, visit);
  }
  template <class Visit>
  void for_each_temporal(Visit&& visit) {
    visit_temporal(std::type_identity<std::tuple<Steps...>>{}, steps_, visit);
  }
  /// The same for something that may change the watermark behind a step.
  template <class Visit>
  void tell_temporal(Visit&& visit) {
    for_each_temporal(visit);
    pass_watermark();
  }
  static constexpr bool looks_ahead = first_looks_ahead<Steps...>();
  bool pending() const {
    bool pending = false;
    for_each_temporal([&](const auto& step, auto) { pending = pending || step.pending(); });
    return pending;
  }

  /// The index of the last step at which records wait, 0 if there is none. Earlier steps must not
  /// give it more records.
  std::size_t last_waiting() const {
    std::size_t last = 0;
    for_each_temporal(
        [&](const auto& step, std::size_t index) { last = step.waiting() ? index : last; });
    return last;
  }

  /// Lets temporal steps, from step `from` on, emit records without an input batch: calls
  /// work(step, tally, next) for each.
  template <class Work>
  void without_batch(std::int64_t now_ns, Work&& work, std::size_t from = 0) {
    if constexpr (temporal) {
      context_.begin_at(now_ns);
      context_.sampler.look(steady_.now_ns());
      Counts tally;
      {
        auto end = terminal_.open(context_);
        for_each_temporal([&]<std::size_t I>(auto& step, std::integral_constant<std::size_t, I>) {
          if (I < from) {
            return;
          }
          auto next = [&](const auto& key_time, auto&& output) {
            run<I + 1, Pass::timed>(tally, end, key_time, std::forward<decltype(output)>(output));
          };
          work(step, tally.of[I], next);
        });
      }
      end_batch(terminal_, context_);
      counts_.add(tally, 0);
      context_.end();
      pass_watermark();
    }
  }

  void pass_watermark() {
    Watermark watermark = watermark_;
    for_each_temporal([&](auto& step, auto) { watermark = step.set_watermark(watermark); });
    for (Outlet* const outlet : outlets_) {
      outlet->set_watermark(watermark);
    }
  }

  /// True when all steps are functions of plain records, so that the loop is small and may be
  /// vectorised.
  static constexpr bool plain = std::is_trivially_copyable_v<typename Input::Record> &&
                                !std::is_same_v<Input, FrameInput> && (Steps::plain && ...);

  template <class Slot>
  [[gnu::always_inline]] void run_part(Counts& tally, bool looks_ahead_now, Slot slot, Slot last) {
    if (context_.sampler.wants_record()) [[unlikely]] {
      const auto [timed, next] = run_timed(slot, last);
      timed.add_to(tally);
      slot = next;
    }
    auto end = terminal_.open(context_);
    if constexpr (plain) {
#pragma GCC unroll 4  // a tenth faster where the loop is vectorised
      for (; slot != last; ++slot) {
        run<0, Pass::plain>(tally, end, input_.key_time(*slot), input_.record(*slot));
      }
    } else {
      if constexpr (takes_runs) {
        run_in_runs(tally, end, slot, last);
      } else if (looks_ahead_now) {
        run_looked_up(tally, end, slot, last);
      }
      for (; slot != last; ++slot) {
        run<0, Pass::plain>(tally, end, input_.key_time(*slot), input_.record(*slot));
        input_.next(context_);
      }
    }
  }

  static constexpr bool takes_runs = Input::timed && first_takes_runs<Steps...>();
  template <class End, class Slot>
  void run_in_runs(Counts& tally, End& end, Slot& slot, Slot last) {
    if constexpr (takes_runs) {
      auto& step = std::get<0>(steps_);
      const auto alone = [&](auto& one) {
        run<0, Pass::plain>(tally, end, input_.key_time(one), input_.record(one));
      };
      while (slot != last) {
        slot += step.apply_run(context_, input_, slot, last - slot, alone);
      }
    }
  }

  bool wants_look_ahead() {
    if constexpr (looks_ahead) {
      return std::get<0>(steps_).wants_look_ahead();
    }
    return false;
  }
  // Has the first step look up the states of a few records before these go through the chain.
  template <class End, class Slot>
  void run_looked_up(Counts& tally, End& end, Slot& slot, Slot last) {
    if constexpr (looks_ahead) {
      auto& step = std::get<0>(steps_);
      constexpr auto most = std::remove_reference_t<decltype(step)>::most_ahead;
      while (slot != last) {
        const auto size = std::min(last - slot, most);
        const auto hashes = look_up_ahead(step, input_, slot, size);
        for (std::ptrdiff_t i = 0; i < size; ++i, ++slot) {
          run<0, Pass::looked_up>(tally, end, input_.key_time(*slot, hashes[i]),
                                  input_.record(*slot));
          input_.next(context_);
        }
      }
    }
  }

  // Processes the first records of a part in the loop that times, as long as functions are due.
  template <class Slot>
  [[gnu::noinline]] std::pair<Counts, Slot> run_timed(Slot slot, Slot last) {
    Counts tally;
    auto end = terminal_.open(context_);
    do {
      context_.sampler.spend();
      run<0, Pass::timed>(tally, end, input_.key_time(*slot), input_.record(*slot));
      input_.next(context_);
      ++slot;
    } while (slot != last && context_.sampler.wants_record());
    return {tally, slot};
  }

  // True when the record of step I must be kept: views into it may leave with the chain's outputs
  // or wait in the chain, and the record itself would not outlive the batch.
  template <std::size_t I>
  static constexpr bool keeps_record() {
    using Step = std::tuple_element_t<I, std::tuple<Steps...>>;
    constexpr bool outlives = I == 0 && Input::outlives_batch;
    return (Terminal::transports_views || holds_views) && Step::may_view_its_record && !outlives;
  }
  static constexpr bool holds_views = (keeps_views_of_records<Steps> || ...);

  static constexpr Pass rest_of(Pass pass) { return pass == Pass::looked_up ? Pass::plain : pass; }

  // The steps from I on and the end, as the step before calls them: with one output, or with an
  // array of them.
  template <std::size_t I, Pass pass, class End, class KeyPart>
  struct Rest {
    Chain& chain;
    Counts& tally;
    End& end;
    const KeyPart& key;

    template <class Output>
    [[gnu::always_inline]] void operator()(Output&& output) {
      chain.run<I, pass>(tally, end, key, std::forward<Output>(output));
    }
    template <class Output>
    [[gnu::always_inline]] void all(Output* outputs, std::size_t size) {
      if constexpr (pass != Pass::timed && I == sizeof...(Steps) &&
                    requires { end.accept_all(chain.context_, key, outputs, size); }) {
        end.accept_all(chain.context_, key, outputs, size);
      } else {
        for (std::size_t i = 0; i < size; ++i) {
          (*this)(std::move(outputs[i]));
        }
      }
    }
  };

  template <std::size_t I, Pass pass, class End, class KeyPart, class Record>
  [[gnu::always_inline]] void run(Counts& tally, End& end, const KeyPart& key, Record&& record) {
    if constexpr (I == sizeof...(Steps)) {
      end.template accept<pass>(context_, key, std::forward<Record>(record));
    } else if constexpr (is_temporal<std::tuple_element_t<I, std::tuple<Steps...>>>) {
      auto next = [&](const auto& key_time, auto&& output) {
        run<I + 1, rest_of(pass)>(tally, end, key_time, std::forward<decltype(output)>(output));
      };
      std::get<I>(steps_).template apply<pass>(context_, tally.of[I], key,
                                               std::forward<Record>(record), next);
    } else {
      auto& step = std::get<I>(steps_);
      Rest<I + 1, rest_of(pass), End, KeyPart> next{*this, tally, end, key};
      if constexpr (keeps_record<I>()) {
        step.template apply<pass>(context_, tally.of[I], key,
                                  step.keep(context_, std::forward<Record>(record)), next);
      } else {
        step.template apply<pass>(context_, tally.of[I], key, std::forward<Record>(record), next);
      }
    }
  }

  Input input_;
  StageRuntime* head_;
  std::tuple<Steps...> steps_;
  OutletCursor next_outlet_;
  Terminal terminal_;
  ChainContext context_;
  const Clock& clock_;
  std::vector<Outlet*> outlets_;
  Watermark watermark_;
  SteadyClock steady_;  ///< times calls in real time, even when a test moves the engine's clock
  ChainCounts<Steps...> counts_;
};

}  // namespace wallaroo::internal
