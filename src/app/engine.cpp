#include <wallaroo/engine.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/application.hpp>
#include <wallaroo/run.hpp>

#include "app/checkpoint_choice.hpp"
#include "app/engine_run.hpp"
#include "app/engine_ui.hpp"
#include "app/external/engine_channel.hpp"
#include "app/pusher_settings.hpp"
#include "app/run_orders.hpp"
#include "base/current_error.hpp"
#include "run/block_signals.hpp"

namespace wallaroo {

namespace {

using internal::EngineRun;

// Returns how many cores this process may use (taskset, cgroups' cpuset); the machine may have
// more.
int usable_cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) {
    return std::max(1, CPU_COUNT(&cores));
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int executors_of(const EngineOptions& options) {
  if (options.threads < 0 || options.threads > static_cast<int>(internal::key_group_count)) {
    throw ConfigError(fmt::format("threads must be between 1 and {} (or 0 for all cores), not {}",
                                  internal::key_group_count, options.threads));
  }
  return options.threads == 0 ? usable_cores() : options.threads;
}

}  // namespace

/// With checkpoints a thread, the supervisor, waits for the end of the run, and begins the next one
/// after a roll back.
class Engine::Impl {
 public:
  Impl(const Application& application, EngineOptions options)
      : options_(std::move(options)),
        plan_(std::make_shared<internal::Plan>(application.graph(), executors_of(options_))),
        ui_(internal::make_ui(application.name(), options_, *plan_)),
        log_(options_.log_level, ui_ ? ui_->log_to(options_.log) : options_.log,
             ui_ ? ui_->refused() : internal::RefusedCallback()) {
    internal::check_checkpoint_options(options_.checkpoints);
    config_.application = application.name();
    config_.http = options_.http;
    config_.http_names = options_.ui.host_names;
    config_.ui = ui_;
    config_.run.collect_keys = ui_ != nullptr;
    if (ui_) {
      config_.run.checkpoint_observer = {ui_, &ui_->checkpoints()};
    }
    config_.push = internal::pusher_settings(options_.metrics_push, application.name());
    config_.run.application = application.name();
    config_.run.addresses = options_.addresses;
    config_.run.paths = options_.paths;
    config_.run.checkpoints = internal::checkpoint_settings(options_.checkpoints);
    config_.run.engine_version = std::string(version());
    config_.run.checkpoint_metrics = std::make_shared<internal::CheckpointMetrics>();
    config_.run.on_end = [this](const internal::Run& run) {
      if (!run.rolled_back()) {
        tell_totals(run.totals());
      }
    };
    config_.run.hold_sources = options_.hold_sources;
    if (options_.hold_sources || options_.on_ready) {
      config_.run.on_ready = [this] { become_ready(); };
    }
    current_ = std::make_shared<EngineRun>(plan_, config_, clock_, log_);
    shown_ = current_;
    external_ = internal::make_external_channel(options_.external, application.name(), *plan_,
                                                external_access(), log_);
  }

  ~Impl() {
    external_.reset();
    if (supervisor_.joinable()) {
      stop_now();
      supervisor_.join();
    }
  }

  void start() {
    if (std::exchange(started_, true)) {
      throw ConfigError("the engine was started before; make another one to run again");
    }
    started_ns_ = clock_.now_ns();
    try {
      if (external_) {
        external_->start();
        log_.info("external channel on {}", external_->address());
      }
      open_store();
      start_run();
    } catch (...) {
      current_->failed_to_start(internal::current_error());
      show(current_);
      final_.set_value(current_->run().wait(std::nullopt).value_or(Outcome{}));
      throw;
    }
    if (store_) {
      log_.info("{}", config_.run.restored
                          ? fmt::format("goes on from checkpoint {} in {}",
                                        config_.run.restored->number, store_directory())
                          : fmt::format("no checkpoint in {}: starts anew", store_directory()));
    }
    log_.info("application '{}' runs on {} executor{}", config_.application, plan_->executors(),
              plan_->executors() == 1 ? "" : "s");
    if (!options_.hold_sources) {
      initialized_ = true;
    }
    if (store_) {
      supervisor_ = std::thread([this] { supervise(); });
    }
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stop_wanted_ = true;
    if (ui_) {
      ui_->stopping();
    }
    current_->run().stop();
  }
  void stop_now() {
    const std::lock_guard lock(mutex_);
    stop_now_wanted_ = true;
    current_->run().stop_now();
  }

  std::optional<Outcome> wait(std::optional<std::chrono::nanoseconds> timeout) {
    if (options_.checkpoints.directory.empty()) {
      return current()->run().wait(timeout);
    }
    if (!timeout) {
      return ended_.get();
    }
    constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
    return ended_.wait_for(std::min(*timeout, longest)) == std::future_status::ready
               ? std::optional(ended_.get())
               : std::nullopt;
  }

  /// The run whose addresses and metrics are shown to callers.
  std::shared_ptr<const EngineRun> shown() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }
  std::string explain() const { return plan_->explain(config_.application); }
  std::string external_address() const { return external_ ? external_->address() : std::string(); }

 private:
  internal::EngineAccess external_access() {
    return {.initialized = [this] { return initialized_.load(); },
            .processing = [this] { return current()->run().reading(); },
            .state_keys = [this] { return current()->run().state_keys(std::chrono::seconds(1)); },
            .stop = [this] { stop(); }};
  }

  /// After a roll back another run becomes ready, of which nobody is told.
  void become_ready() {
    initialized_ = true;
    if (!told_ready_.exchange(true) && options_.on_ready) {
      options_.on_ready();
    }
  }

  void open_store() {
    if (options_.checkpoints.directory.empty()) {
      return;
    }
    store_.emplace(options_.checkpoints.directory, internal::CheckpointStore::Access::write, log_);
    config_.run.store = &*store_;
    config_.run.allow_dropped_state = options_.checkpoints.allow_dropped_state;
    config_.run.discard_newer = options_.checkpoints.restore.has_value();
    orders_ = std::make_unique<internal::OwnOrders>(internal::OwnOrders::Situation{
        &*store_, {config_.application, options_.checkpoints.restore}, &log_, [this] {
          return told_to_end();
        }});
    config_.run.restored = orders_->first().restored;
    renew_run();
  }

  const std::string& store_directory() const { return options_.checkpoints.directory; }

  std::shared_ptr<EngineRun> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  /// Starts the current run. Callers see the previous run until this one has started.
  void start_run() {
    const std::shared_ptr<EngineRun> starting = current();
    try {
      starting->start();
    } catch (const internal::DamagedError& error) {
      if (!config_.run.restored) {
        throw;
      }
      throw IoError(
          fmt::format("{}; {}", error.what(),
                      internal::advice_for_damaged(*store_, config_.run.restored->number)));
    }
    show(starting);
  }

  void show(const std::shared_ptr<EngineRun>& run) {
    const std::lock_guard lock(mutex_);
    shown_ = run;
  }

  void renew_run() {
    auto next = std::make_shared<EngineRun>(plan_, config_, clock_, log_);
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
    if (stop_now_wanted_) {
      current_->run().stop_now();
    } else if (stop_wanted_) {
      current_->run().stop();
    }
  }

  void supervise() {
    internal::block_signals();
    while (true) {
      const std::shared_ptr<EngineRun> ended = current();
      const Outcome outcome = *ended->run().wait(std::nullopt);
      const auto reason = ended->run().rolled_back();
      if (!reason || stopping()) {
        if (reason) {
          tell_totals(ended->run().totals());
        }
        final_.set_value(reason ? Outcome{false, *reason} : outcome);
        return;
      }
      if (const auto error = go_back(*ended, *reason)) {
        final_.set_value({false, *error});
        return;
      }
    }
  }

  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stop_now_wanted_;
  }

  bool told_to_end() const {
    const std::lock_guard lock(mutex_);
    return stop_wanted_ || stop_now_wanted_;
  }

  /// Logs what was lost and how much went through, over all runs.
  void tell_totals(internal::RunTotals totals) const {
    totals.add(earlier_);
    for (const internal::LossLine& line : internal::loss_lines(totals)) {
      log_.write(line.chosen ? LogLevel::info : LogLevel::warning, "summary: {}", line.text);
    }
    log_.info("{}", internal::totals_line(
                        totals, static_cast<double>(clock_.now_ns() - started_ns_) / 1e9));
  }

  /// Starts another run. Returns why it could not, or nothing.
  std::optional<std::string> go_back(EngineRun& ended, const std::string& reason) {
    config_.run.discard_newer = false;
    config_.http = ended.http_address().empty() ? config_.http : ended.http_address();
    config_.run.addresses = ended.bound_addresses(config_.run.addresses);
    ended.close();
    bool renewed = false;
    internal::RunTotals until_now = ended.run().totals();
    until_now.add(earlier_);
    ++until_now.roll_backs;
    earlier_ = std::move(until_now);
    // Read after `close`: the thread that counts failures asks for the roll back before it has
    // counted, and ends in `close`.
    config_.run.failures = ended.run().checkpoint_failures();
    try {
      config_.run.restored = orders_->next({reason, config_.run.failures}).restored;
      renew_run();
      renewed = true;
      start_run();
      log_.info("goes on from {}", internal::beginning_of(config_.run.restored));
      return std::nullopt;
    } catch (...) {
      const std::string error = internal::current_error();
      log_.error("{}", error);
      tell_totals({});
      if (renewed) {
        current()->failed_to_start(error);
      }
      return error;
    }
  }

  // Constant after construction.
  const EngineOptions options_;
  internal::SteadyClock clock_;
  const std::shared_ptr<const internal::Plan> plan_;
  const std::shared_ptr<internal::Ui> ui_;  ///< null without pages
  internal::Log log_;
  // Only on the thread that calls `start`, and from then on only on the supervisor's. The last
  // executor of a run also reads `started_ns_` and `earlier_`, which change between runs only, and
  // any thread the application's name, which never changes.
  internal::EngineRunConfig config_;
  std::optional<internal::CheckpointStore> store_;
  std::unique_ptr<internal::RunOrders> orders_;  ///< with checkpoints
  std::int64_t started_ns_ = 0;
  internal::RunTotals earlier_;  ///< summed over the runs that were rolled back
  // Only on the thread that owns the engine.
  bool started_ = false;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::shared_ptr<EngineRun> current_;
  /// The previous run while `current_` starts, and then the same as `current_`. So other threads
  /// only see a run that has started.
  std::shared_ptr<EngineRun> shown_;
  bool stop_wanted_ = false;
  bool stop_now_wanted_ = false;
  // Set once, by the thread that knows how the last run ended; any thread may wait for it.
  std::promise<Outcome> final_;
  const std::shared_future<Outcome> ended_ = final_.get_future().share();
  std::atomic<bool> initialized_{false};  ///< a run has started; if sources wait: was ready
  std::atomic<bool> told_ready_{false};   ///< `on_ready` was called
  // Last, because their threads use the others.
  std::unique_ptr<internal::ExternalChannel> external_;
  std::thread supervisor_;
};

Engine::Engine(const Application& application, EngineOptions options)
    : impl_(std::make_unique<Impl>(application, std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::start() { impl_->start(); }
void Engine::stop() { impl_->stop(); }
void Engine::stop_now() { impl_->stop_now(); }

Outcome Engine::wait() { return *impl_->wait(std::nullopt); }
std::optional<Outcome> Engine::wait_for(std::chrono::nanoseconds timeout) {
  return impl_->wait(timeout);
}

std::string Engine::address(const std::string& source_or_sink) const {
  return impl_->shown()->address(source_or_sink);
}
std::string Engine::http_address() const { return impl_->shown()->http_address(); }
std::string Engine::external_address() const { return impl_->external_address(); }
std::string Engine::metrics_text() const { return impl_->shown()->metrics_text(); }
std::string Engine::metrics_json() const { return impl_->shown()->metrics_json(); }
std::string Engine::explain() const { return impl_->explain(); }

}  // namespace wallaroo
