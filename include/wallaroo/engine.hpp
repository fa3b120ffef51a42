// Runs an application inside a program.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wallaroo/error.hpp>
#include <wallaroo/logging.hpp>

namespace wallaroo {

class Application;

/// Checkpoints, which make results exact across crashes (docs/guide/checkpoints.md).
struct CheckpointOptions {
  std::string directory = {};                                   ///< empty: none are taken
  std::chrono::nanoseconds interval = std::chrono::seconds(1);  ///< from begin to begin
  std::chrono::nanoseconds timeout = std::chrono::minutes(10);  ///< of one; then it has failed
  std::size_t retain = 2;                                       ///< how many are kept
  std::uint64_t failures = 10;                ///< in a row, until the application stops; 0: never
  std::optional<std::uint64_t> restore = {};  ///< a number; otherwise the newest
  /// A checkpoint with state of stages that the application does not have any more is restored
  /// without that state, rather than refused.
  bool allow_dropped_state = false;
};

struct EngineOptions {
  int threads = 0;        ///< executors, one thread each; 0: one for each core this process may use
  std::string http = {};  ///< "host:port" of the pages of metrics and health; empty: none
  /// Addresses that replace the configured ones, by the name of the source or sink.
  std::map<std::string, std::string> addresses = {};
  /// The files, or patterns such as "logs/*.log", that file sources read in place of the configured
  /// ones, by the name of the source.
  std::map<std::string, std::vector<std::string>> paths = {};
  CheckpointOptions checkpoints = {};
  LogLevel log_level = LogLevel::info;
  LogCallback log = {};  ///< empty: no log
};

/// How a run ended.
struct Outcome {
  /// Everything that was read went all its way: the sources ended, or `stop` drained (with
  /// checkpoints: a last one holds all that was read). Not so after
  /// a failure, when a sink gave up its peer, or when `stop_now` left something undone.
  bool ok = true;
  std::string error;  ///< when not ok: what happened, where
};

/// One run of an application. All methods may be called from any thread. Several engines may run
/// in one process, of the same application or of others.
class Engine {
 public:
  /// Checks and places the pipelines. Throws ConfigError listing every mistake. The application
  /// need not outlive this call.
  explicit Engine(const Application& application, EngineOptions options = {});
  /// Stops at once if it still runs.
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Opens sources and sinks and starts the threads; returns when the application accepts input.
  /// Throws IoError or ConfigError when something cannot be opened or started; then nothing runs,
  /// and everything that was opened is closed again.
  void start();
  /// With checkpoints: takes a last one, from which the next start goes on. Without: drains:
  /// sources stop reading, what was read is finished, sinks are flushed. Returns at once; `wait`
  /// tells when it is done.
  void stop();
  /// Stops without draining: records in flight are lost, and the outcome is not ok, unless the
  /// application had ended already.
  void stop_now();
  /// Blocks until the application has ended: its sources have, it was stopped, or it failed.
  Outcome wait();
  /// The same for at most `timeout`; nothing when it still runs then.
  std::optional<Outcome> wait_for(std::chrono::nanoseconds timeout);

  /// The address a source listens on or a sink connects to (after `start`: with the real port). It
  /// stays the same when the application goes back to a checkpoint, and is told meanwhile and after
  /// the end too. Throws ConfigError when there is none of that name, or nothing was started.
  std::string address(const std::string& source_or_sink) const;
  /// Where the metrics are served; empty without.
  std::string http_address() const;
  /// All metrics now, as Prometheus text and as JSON.
  std::string metrics_text() const;
  std::string metrics_json() const;
  /// The physical plan, for people.
  std::string explain() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo
