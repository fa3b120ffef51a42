// One run of an application's plan, from its start to its end or roll back.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/http/http_server.hpp"
#include "metrics/push/pusher.hpp"
#include "metrics/registry.hpp"
#include "run/run.hpp"
#include "ui/ui.hpp"

namespace wallaroo::internal {

struct EngineRunConfig {
  std::string application;
  std::string http;                     ///< where the metrics are served; empty: nowhere
  std::vector<std::string> http_names;  ///< names of this server besides its address
  std::shared_ptr<Ui> ui = nullptr;     ///< what is served besides the metrics
  std::optional<PusherSettings> push;   ///< where they are pushed to
  RunOptions run;
};

/// A Run with its metrics and their pages. After a roll back there is another one.
class EngineRun {
 public:
  EngineRun(std::shared_ptr<const Plan> plan, const EngineRunConfig& config, const Clock& clock,
            const Log& log);
  ~EngineRun();

  Run& run() { return run_; }
  /// Throws what Run::open and Run::start_threads throw.
  void start();
  void failed_to_start(const std::string& error);
  /// Call when the run has ended. Closes everything that is open, its ports first.
  void close();

  /// Where the metrics are served; empty when they are not.
  std::string http_address() const;
  /// The address of a source or sink, also after it was closed again. Throws ConfigError when there
  /// is none of that name, or it was never opened.
  std::string address(const std::string& source_or_sink) const;
  /// Returns `wanted` with the ports that were bound.
  std::map<std::string, std::string> bound_addresses(
      std::map<std::string, std::string> wanted) const;
  std::string metrics_text() const;
  std::string metrics_json() const;

 private:
  void remember_addresses();
  void start_http();
  void stop_http();
  void begin_ui();
  void start_pusher();

  // Constant after construction.
  const EngineRunConfig config_;
  const Log& log_;
  const std::shared_ptr<const Plan> plan_;
  // Filled by `start` before it serves pages. Then any thread may read.
  Registry registry_;
  // Does its own locking.
  Run run_;
  // Guarded by mutex_. The thread that starts and closes the run is the only one that changes them,
  // so it reads them without.
  mutable std::mutex mutex_;
  std::map<std::string, std::string> addresses_;  ///< of sources and sinks that were opened
  // Destroyed first, because they read the others.
  std::unique_ptr<HttpServer> http_;
  // Only on the thread that starts and closes the run.
  std::unique_ptr<Pusher> pusher_;
  bool shown_ = false;  ///< the UI shows this run, and not one before or after it
};

}  // namespace wallaroo::internal
