// Runs one stage as the engine would, and counts everything around it, for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "route/mailbox.hpp"
#include "step/chain.hpp"
#include "step/input.hpp"
#include "step/steps/callback_terminal.hpp"
#include "step/steps/computation_step.hpp"
#include "step/steps/decode_step.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal::testing_support {

template <class Out>
struct StageRun {
  std::vector<Out> outputs;
  std::vector<std::string> log;
  std::vector<DeadLetter> dead_letters;
  std::string stopped;  ///< why the stage stopped; empty when it did not
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t errors = 0;
  std::uint64_t sink_in = 0;
  std::uint64_t sink_out = 0;
  std::uint64_t sink_errors = 0;
};

struct RunOptions {
  OnError on_error = OnError::stop;
  OnError sink_on_error = OnError::stop;
  std::size_t batch_records = 100;
};

inline constexpr StageId stage_id{0};
inline constexpr StageId sink_id{1};

// The surroundings of a segment with two stages, "stage" and "sink".
class Surroundings {
 public:
  explicit Surroundings(const RunOptions& options)
      : stage_info{"stage", "pipeline", StageKind::computation, options.on_error},
        sink_info{"sink", "pipeline", StageKind::sink, options.sink_on_error} {
    stage.info = &stage_info;
    stage.source = &source;
    sink.info = &sink_info;
  }
  SegmentContext context() {
    return {clock, logger, 0, {}, &dead_letter_outlet, {{stage_id, &stage}, {sink_id, &sink}}};
  }
  template <class Out>
  void count(StageRun<Out>& run) {
    run.log = log;
    run.in = stage.metrics.records_in.value();
    run.out = stage.metrics.records_out.value();
    run.errors = stage.metrics.errors.value();
    run.sink_in = sink.metrics.records_in.value();
    run.sink_out = sink.metrics.records_out.value();
    run.sink_errors = sink.metrics.errors.value();
    while (const BatchPtr batch = dead_letter_box.pop()) {
      for (CarriedLetter& carried : static_cast<RecordBatch<CarriedLetter>&>(*batch)) {
        run.dead_letters.push_back(std::move(carried.letter));
      }
    }
  }

  std::vector<std::string> log;
  Log logger{LogLevel::debug, [this](LogLevel, std::string_view text) { log.emplace_back(text); }};
  SteadyClock clock;
  StageInfo stage_info;
  StageInfo sink_info;
  SourceMetrics source;
  StageRuntime stage;
  StageRuntime sink;
  Mailbox dead_letter_box{nullptr, nullptr};
  Outlet dead_letter_outlet{{&dead_letter_box}, assign_evenly(1)};
};

// Feeds a chain with batches from `next_batch`, until that returns null.
template <class Out, class NextBatch>
void drive(Surroundings& surroundings, StageRun<Out>& run, Segment& segment, NextBatch next_batch) {
  try {
    while (BatchPtr batch = next_batch()) {
      segment.process(*batch);
      segment.flush(true);
    }
    segment.finish();
  } catch (const StageError& error) {
    run.stopped = error.what();
  }
  surroundings.count(run);
}

// Runs the records through one stage into a callback sink.
template <class In, class F>
auto run_stage(std::vector<In> records, F function, RunOptions options = {}) {
  using Step = ComputationStep<StoredFunction<F>, In, NoKey>;
  using Out = typename Step::Output;
  StageRun<Out> run;
  const auto collect = [&run](const Out& output) { run.outputs.push_back(output); };
  using Terminal = CallbackTerminal<Out, std::decay_t<decltype(collect)>>;
  using Made = Chain<OwnedInput<In>, Terminal, Step>;
  Surroundings surroundings(options);
  Made chain(typename Made::Spec{{}, {typename Step::Spec{stage_id, function}}, {sink_id, collect}},
             surroundings.context());
  std::size_t next = 0;
  drive(surroundings, run, chain, [&]() -> BatchPtr {
    if (next == records.size()) {
      return nullptr;
    }
    auto batch = std::make_unique<RecordBatch<In>>();
    while (next < records.size() && !batch->full() && batch->size() < options.batch_records) {
      batch->emplace(std::move(records[next++]));
    }
    return batch;
  });
  return run;
}

// Runs frames through a decoder, whose stage is that of the source.
template <class Decoder>
auto run_decoder(const std::vector<std::string>& frames, Decoder decoder, RunOptions options = {}) {
  using Step = DecodeStep<Decoder>;
  using Out = typename Step::Output;
  StageRun<Out> run;
  const auto collect = [&run](const Out& output) { run.outputs.push_back(output); };
  using Terminal = CallbackTerminal<Out, std::decay_t<decltype(collect)>>;
  using Made = Chain<FrameInput, Terminal, Step>;
  Surroundings surroundings(options);
  Made chain(typename Made::Spec{{}, {typename Step::Spec{stage_id, decoder}}, {sink_id, collect}},
             surroundings.context());
  bool fed = false;
  drive(surroundings, run, chain, [&]() -> BatchPtr {
    if (std::exchange(fed, true)) {
      return nullptr;
    }
    auto batch = std::make_unique<FrameBatch>();
    batch->origin = "peer";
    batch->first_position = 10;
    batch->frames.assign(frames.begin(), frames.end());
    return batch;
  });
  return run;
}

}  // namespace wallaroo::internal::testing_support
