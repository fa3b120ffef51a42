#include "run/run.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "run/pressure/pressure_points.hpp"

namespace wallaroo::internal {
namespace {

// A worker is a process. There is only one until there are clusters.
constexpr const char* worker_name = "worker1";

/// From engine time to the application's clock. That is the wall clock as it is at the start, or
/// the clock of the restored checkpoint if it is ahead, so that ingest times never go back.
std::int64_t clock_offset(const Clock& clock, const std::optional<Manifest>& restored,
                          const Log& log) {
  constexpr std::int64_t worth_a_word_ns = 1'000'000'000;
  const std::int64_t wall_ns = clock.wall_ns();
  if (!restored) {
    return wall_ns - clock.now_ns();
  }
  const std::int64_t saved_ns = restored->clock_ns != 0
                                    ? restored->clock_ns
                                    : restored->started_wall_ns + restored->duration_ns;
  if (saved_ns - wall_ns > worth_a_word_ns) {
    log.warning(
        "the wall clock is {:.1f} s behind that of checkpoint {}: ingest times and timers go on "
        "from where they were, ahead of it",
        static_cast<double>(saved_ns - wall_ns) * 1e-9, restored->number);
  }
  return std::max(wall_ns, saved_ns) - clock.now_ns();
}

}  // namespace

Run::Run(std::shared_ptr<const Plan> plan, RunOptions options, const Clock& clock, const Log& log)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      context_{*plan_,
               options_,
               clock,
               log,
               clock_offset(clock, options_.restored, log),
               options_.hold_sources ? &start_state_.may_read : nullptr},
      sources_and_sinks_(context_),
      checkpoints_(context_),
      wiring_(context_),
      threads_(context_.place.count(), clock, log, hooks()) {}

Run::~Run() {
  threads_.stop_now();
  threads_.join();
  checkpoints_.end_thread();
}

ExecutorThreads::Hooks Run::hooks() {
  return {.stop = [this] { stop_running(); },
          .started = [this] { checkpoints_.begin(); },
          .ended =
              [this] {
                if (options_.on_end) {
                  options_.on_end(*this);
                }
              }};
}

CheckpointerCallbacks Run::checkpointer_callbacks() {
  return {.finished = [this] { threads_.release_from_checkpoints(); },
          .failed = [this](const std::string& error) { threads_.fail(error); },
          .roll_back = [this](std::string reason) { threads_.roll_back(std::move(reason)); }};
}

// Opening may empty files. So nothing is opened before it is known that the checkpoint fits.
void Run::open() {
  sources_and_sinks_.make();
  threads_.make_executors();
  wiring_.make_segments(threads_.executors(), sources_and_sinks_);
  checkpoints_.fit(wiring_.segments(), sources_and_sinks_);
  sources_and_sinks_.open_sources();
  sources_and_sinks_.check_files();
  sources_and_sinks_.recover_sinks();
  checkpoints_.discard_newer();
  sources_and_sinks_.open_sinks();
  wiring_.make_tasks(threads_.executors(), sources_and_sinks_, checkpoints_);
  checkpoints_.prepare(threads_.executors(), sources_and_sinks_, checkpointer_callbacks());
}

void Run::register_metrics(Registry& registry) const {
  wiring_.register_stages(registry, worker_name);
  sources_and_sinks_.register_metrics(registry, worker_name);
  wiring_.register_edges(registry, worker_name);
  wiring_.register_segments(registry, worker_name);
  checkpoints_.register_metrics(registry, worker_name);
  threads_.register_metrics(registry, worker_name);
}

void Run::start_threads() {
  pressure_.emplace(pressure_points(context_, wiring_, sources_and_sinks_, threads_.executors()),
                    context_.log);
  sample_pressure();
  watch_start();
  threads_.start();
}

void Run::watch_start() {
  if (!options_.hold_sources && !options_.on_ready) {
    return;
  }
  StartWatch::Conditions conditions;
  conditions.running = [this] { return running(); };
  conditions.sinks = sources_and_sinks_.presences();
  conditions.checkpointed = [this, before = checkpoints_.completed()] {
    return !options_.hold_sources || options_.store == nullptr || options_.restored ||
           checkpoints_.completed() != before;
  };
  conditions.on_ready = options_.on_ready;
  start_watch_.emplace(std::move(conditions), start_state_, threads_.executors());
  start_watch_->begin();
}

void Run::sample_pressure() {
  pressure_->sample(context_.clock.now_ns());
  threads_.executors().front()->loop().after(PressureSampler::sample_every,
                                             [this] { sample_pressure(); });
}

// With a store the stream does not end: the next start goes on with it.
void Run::stop_running() {
  if (options_.store == nullptr) {
    threads_.stop_tasks();
    return;
  }
  checkpoints_.take_last();
  // A checkpoint that is already being taken may wait for a sink's peer.
  threads_.drain_tasks();
}

void Run::start_failed(const std::string& error) {
  close();
  threads_.never_start(error);
}

void Run::close() {
  threads_.join();
  checkpoints_.end_thread();
  // Tasks use sources and sinks, so they go first.
  threads_.release_tasks();
  sources_and_sinks_.close();
}

std::optional<Outcome> Run::wait(std::optional<std::chrono::nanoseconds> timeout) {
  const auto ending = threads_.wait(timeout);
  if (!ending) {
    return std::nullopt;
  }
  if (ending->error) {
    return Outcome{false, *ending->error};
  }
  if (ending->cut_short && options_.store != nullptr) {
    return Outcome{false,
                   "stopped at once, without a last checkpoint; the next start goes on from the "
                   "last complete one"};
  }
  if (ending->cut_short) {
    return Outcome{
        false, "stopped before everything was drained: records that were on their way are lost"};
  }
  if (const auto lost = sources_and_sinks_.undelivered()) {
    return Outcome{false, *lost};
  }
  return Outcome{};
}

RunTotals Run::totals() const {
  RunTotals totals;
  sources_and_sinks_.add_totals(totals);
  wiring_.add_totals(totals);
  totals.add_sinks_without_writers();
  checkpoints_.add_totals(totals);
  return totals;
}

void Run::checkpoint_inline(CheckpointStore& store) {
  checkpoints_.take_inline(store, [this] { run_inline(); });
}

}  // namespace wallaroo::internal
