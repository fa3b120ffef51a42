// One run of an application, as Python drives it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <wallaroo/engine.hpp>

#include "app/program/flags.hpp"
#include "python/objects/gil.hpp"
#include "python/py_application.hpp"

namespace wallaroo::python {

/// Log lines that wait until a thread of Python fetches them. The engine's threads never wait for
/// the interpreter in order to log.
class LogLines {
 public:
  using Line = std::pair<int, std::string>;  ///< level of LogLevel, text

  void add(LogLevel level, std::string_view text);
  /// Takes the lines so far; the last one tells of lines that were dropped because nobody fetched.
  std::vector<Line> take();

 private:
  static constexpr std::size_t most = 10'000;
  std::mutex mutex_;
  std::vector<Line> lines_;
  std::size_t dropped_ = 0;
};

/// Settings that only applications of the original API have.
struct OriginalOptions {
  MetricsPushOptions metrics_push = {};
  ExternalChannelOptions external = {};
  bool hold_sources = false;  ///< see EngineOptions
};

class PyEngine {
 public:
  /// `arguments` are the flags of a program, without its name. With `console` the log goes to
  /// standard error, otherwise to take_log(). Throws ConfigError for wrong flags.
  PyEngine(PyApplication& application, const std::vector<std::string>& arguments, bool console,
           const OriginalOptions& original = {});
  ~PyEngine();
  PyEngine(const PyEngine&) = delete;
  PyEngine& operator=(const PyEngine&) = delete;

  /// The text that --help or --version asked for, or the plan for --explain; empty to run.
  std::string text() const;
  void start();
  void stop();
  void stop_now();
  /// Waits at most so long. Empty when it still runs.
  std::optional<Outcome> wait_for(double seconds);
  /// Ends the engines whose last reference was given up by one of their own functions.
  static void end_abandoned();
  /// Ends these, waits for engines that are being destroyed, and lets no thread of theirs take the
  /// lock any more. Call it when the interpreter ends.
  static void end_all();
  std::string address(const std::string& name) const;
  std::string http_address() const;
  std::string metrics_text() const;
  std::string metrics_json() const;
  std::string explain() const;
  /// True once everything runs and every sink has its peer.
  bool ready() const { return *ready_; }
  bool takes_checkpoints() const { return !flags_.engine.checkpoints.directory.empty(); }
  std::vector<LogLines::Line> take_log() { return log_->take(); }

 private:
  Engine& engine() const;
  bool called_by_own_thread() const;

  DropAtEnd drop_at_end_;  // before all that holds references
  internal::Program program_;
  internal::Flags flags_;
  internal::Log engine_log_;
  std::shared_ptr<LogLines> log_ = std::make_shared<LogLines>();
  std::shared_ptr<std::atomic<bool>> ready_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<Engine> engine_;
};

}  // namespace wallaroo::python
