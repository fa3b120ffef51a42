// Runs an application inside a program.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/logging.hpp>
#include <wallaroo/types/original_options.hpp>
#include <wallaroo/types/outcome.hpp>
#include <wallaroo/types/ui_options.hpp>

namespace wallaroo {

class Application;

/// Checkpoints, which make results exact across crashes (docs/guide/checkpoints.md).
struct CheckpointOptions {
  std::string directory = {};  ///< where checkpoints are kept; empty: none are taken
  /// From the begin of one checkpoint to the begin of the next.
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  /// A checkpoint that is not complete after this has failed.
  std::chrono::nanoseconds timeout = std::chrono::minutes(10);
  std::size_t retain = 2;  ///< how many complete checkpoints are kept, at least 1
  /// The application stops after so many failed checkpoints in a row; 0: never.
  std::uint64_t failures = 10;
  std::optional<std::uint64_t> restore = {};  ///< number of the checkpoint; empty: the newest
  /// A checkpoint with state of stages that the application does not have any more is restored
  /// without that state, rather than refused.
  bool allow_dropped_state = false;
};

/// How an Engine runs its application.
struct EngineOptions {
  /// How many executors there are, each one a thread, from 1 to 256; 0: one for each core that this
  /// process may use.
  int threads = 0;
  std::string http = {};  ///< "host:port" of the pages of metrics and health; empty: none
  UiOptions ui = {};      ///< what these pages show
  MetricsPushOptions metrics_push = {};  ///< by default nothing is pushed
  ExternalChannelOptions external = {};  ///< by default there is no such listener
  /// Addresses that replace the configured ones, by the name of the source or sink.
  std::map<std::string, std::string> addresses = {};
  /// The files, or patterns such as "logs/*.log", that file sources read in place of the configured
  /// ones, by the name of the source.
  std::map<std::string, std::vector<std::string>> paths = {};
  CheckpointOptions checkpoints = {};  ///< by default none are taken
  /// Sources listen, but read nothing before every sink has its peer and, with checkpoints when
  /// none is restored, before the first one is complete.
  bool hold_sources = false;
  /// Called once, when all threads run and every sink has its peer; a sink without one delays it
  /// for ever. It is called on an executor's thread, so it must not wait for anything.
  std::function<void()> on_ready = {};
  LogLevel log_level = LogLevel::info;  ///< lines below it are not made
  LogCallback log = {};                 ///< where log lines go; empty: no log
};

/// One run of an application. All methods may be called from any thread. Several engines may run
/// in one process, of the same application or of others.
class Engine {
 public:
  /// Checks and places the pipelines. Throws ConfigError that lists every mistake of the
  /// application, or names the option that is wrong. The application need not outlive this call.
  explicit Engine(const Application& application, EngineOptions options = {});
  /// Stops at once if it still runs.
  ~Engine();
  /// An engine that was moved from may only be destroyed or assigned to.
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Opens sources and sinks, restores the checkpoint if there is one, and starts the threads;
  /// returns when the application accepts input. Throws IoError or ConfigError when something
  /// cannot be opened, restored or started; then nothing runs, and everything that was opened is
  /// closed again. Call it once: a second call throws ConfigError.
  void start();
  /// With checkpoints, takes a last one, from which the next start goes on. Without, drains:
  /// sources stop reading, records that were read are processed, and sinks are flushed. Returns at
  /// once; `wait` returns when that is done.
  void stop();
  /// Stops without draining: records in flight are lost, and the outcome is not ok, unless the
  /// application had ended already.
  void stop_now();
  /// Blocks until the application has ended: its sources have ended, it was stopped, or it failed.
  Outcome wait();
  /// Waits for at most `timeout`. Empty when the application still runs then.
  std::optional<Outcome> wait_for(std::chrono::nanoseconds timeout);

  /// The address on which a source listens, with the real port, or to which a sink connects. It
  /// stays the same, and can be asked for, while the application goes back to a checkpoint and
  /// after the end. Throws ConfigError when no source or sink has that name, or nothing was
  /// started.
  std::string address(const std::string& source_or_sink) const;
  /// Where the pages of metrics and health are served, "host:port"; empty when they are not.
  std::string http_address() const;
  /// Where the external channel listens, "host:port"; empty when it does not.
  std::string external_address() const;
  /// The present values of all metrics, as Prometheus text.
  std::string metrics_text() const;
  /// The present values of all metrics, as JSON.
  std::string metrics_json() const;
  /// The physical plan as text for people: which stages are fused, and where they run.
  std::string explain() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo
