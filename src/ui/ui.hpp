// What an application tells its metrics UI.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <wallaroo/types/logging.hpp>
#include <wallaroo/types/ui_options.hpp>

#include "base/refused_record.hpp"
#include "metrics/http/http_request.hpp"
#include "metrics/registry.hpp"
#include "plan/plan.hpp"
#include "run/wiring.hpp"
#include "ui/api/series.hpp"
#include "ui/history/history.hpp"
#include "ui/history/registry_sampler.hpp"
#include "ui/journal/checkpoint_journal.hpp"
#include "ui/journal/error_groups.hpp"
#include "ui/journal/log_lines.hpp"

namespace wallaroo::internal {

struct UiSettings {
  std::string application = {};
  std::string version = {};
  UiOptions options = {};
  LogLevel log_level = LogLevel::info;
  std::string checkpoint_directory = {};  ///< empty: none are taken
  double checkpoint_interval_s = 1;
  double checkpoint_timeout_s = 0;
};

/// A run as the UI sees it.
struct UiRun {
  const Registry* registry = nullptr;  ///< complete
  std::function<bool()> reading = {};  ///< sources take records
  std::map<std::string, std::string> addresses = {};
  std::vector<SampledKeys> keys = {};
};

/// Keeps ten minutes of history, over all runs of an engine, and makes the documents of
/// docs/formats/ui-api.md. All methods may be called from any thread.
class Ui {
 public:
  Ui(UiSettings settings, const Plan& plan);
  Ui(const Ui&) = delete;
  Ui& operator=(const Ui&) = delete;
  ~Ui() { end_run(); }

  /// Returns a callback that keeps the lines and hands them on.
  LogCallback log_to(LogCallback next);
  RefusedCallback refused();
  CheckpointObserver& checkpoints() { return checkpoints_; }

  /// Takes a sample each second from now on. What the run refers to must live until `end_run`.
  void begin_run(UiRun run);
  void end_run();
  void stopping() { stopping_ = true; }

  /// Adds the API and the pages, and makes `/` show the first page to browsers. They refer to this.
  void add_routes(HttpRoutes& routes);

 private:
  void sample_regularly();
  void sample();
  void count_losses(const Sample& sample);
  RunFacts facts() const;
  VerdictFacts verdict_facts() const;
  std::string plan() const;
  std::string series(const HttpRequest& request) const;
  HttpResponse stage(const HttpRequest& request) const;
  std::string keys(const HttpRequest& request) const;
  std::string checkpoint_list() const;
  std::string errors() const;
  std::string doctor() const;
  std::string config() const;

  // Constant after construction.
  const UiSettings settings_;
  const std::string explain_;
  const std::string plan_id_;
  // Do their own locking.
  LogLines log_;
  ErrorGroups errors_;
  CheckpointJournal checkpoints_;
  std::atomic<bool> stopping_{false};
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  History history_;
  std::optional<UiRun> run_;
  std::optional<RegistrySampler> sampler_;
  std::map<std::string, std::string> addresses_;
  std::string worker_ = "worker1";
  double running_since_ = 0;
  bool ending_ = false;
  // Only on the thread that begins and ends runs.
  std::thread thread_;
};

}  // namespace wallaroo::internal
