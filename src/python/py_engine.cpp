#include "python/py_engine.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "app/program/console_log.hpp"
#include "app/program/program_of.hpp"
#include "base/log.hpp"
#include "io/open_file_limit.hpp"
#include "python/objects/gil.hpp"

namespace wallaroo::python {

namespace {

/// So long the end of the interpreter waits for engines that other threads are destroying.
constexpr std::chrono::seconds most_patience(10);

/// How many engines are being destroyed.
std::atomic<int> endings{0};

/// Engines that nobody refers to, and that could not be destroyed yet.
class Abandoned {
 public:
  void add(std::unique_ptr<Engine> engine) {
    const std::lock_guard lock(mutex_);
    engines_.push_back(std::move(engine));
  }
  /// While it exists an engine is being destroyed.
  class Ending {
   public:
    Ending() { endings.fetch_add(1); }
    ~Ending() { endings.fetch_sub(1); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
  };
  void clear() {
    std::vector<std::unique_ptr<Engine>> engines;
    {
      const std::lock_guard lock(mutex_);
      engines.swap(engines_);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Engine>> engines_;
};

Abandoned& abandoned() {
  // Lives as long as the process, because engines may be given up while it ends.
  static auto* const all = new Abandoned;
  return *all;
}

}  // namespace

void LogLines::add(LogLevel level, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (lines_.size() < most) {
    lines_.emplace_back(static_cast<int>(level), text);
  } else {
    ++dropped_;
  }
}

std::vector<LogLines::Line> LogLines::take() {
  const std::lock_guard lock(mutex_);
  std::vector<Line> lines = std::exchange(lines_, {});
  if (const std::size_t dropped = std::exchange(dropped_, 0); dropped != 0) {
    lines.emplace_back(static_cast<int>(LogLevel::warning),
                       fmt::format("{} log lines were dropped, because nobody read them", dropped));
  }
  return lines;
}

PyEngine::PyEngine(PyApplication& application, const std::vector<std::string>& arguments,
                   bool console, const OriginalOptions& original) {
  if (!is_engine_thread()) {
    end_abandoned();
  }
  const Application& finished = application.finished();
  program_ = internal::program_of(finished, {});
  flags_ = internal::parse_flags(program_, arguments, internal::read_file);
  if (flags_.action == internal::Flags::Action::print) {
    return;
  }
  EngineOptions options = flags_.engine;
  options.metrics_push = original.metrics_push;
  options.external = original.external;
  options.hold_sources = original.hold_sources;
  options.on_ready = [ready = ready_] { *ready = true; };
  if (console) {
    options.log = internal::console_log();
  } else {
    options.log = [log = log_](LogLevel level, std::string_view text) { log->add(level, text); };
  }
  engine_log_ = internal::Log(options.log_level, options.log);
  engine_ = std::make_unique<Engine>(finished, std::move(options));
}

PyEngine::~PyEngine() {
  if (engine_ == nullptr) {
    return;
  }
  if (interpreter_ends()) {
    static_cast<void>(engine_.release());  // its threads can call nothing any more, and so not end
    return;
  }
  const Abandoned::Ending ending;
  const GilRelease release;
  if (called_by_own_thread()) {
    // A thread cannot wait for its own end.
    engine_->stop_now();
    abandoned().add(std::move(engine_));
    return;
  }
  engine_.reset();
}

/// A thread of another engine is taken for one of its own while this engine runs, which does no
/// harm.
bool PyEngine::called_by_own_thread() const {
  return is_engine_thread() && !engine_->wait_for(std::chrono::nanoseconds(0));
}

void PyEngine::end_abandoned() {
  const GilRelease release;
  abandoned().clear();
}

void PyEngine::end_all() {
  end_abandoned();
  {
    const GilRelease release;
    const auto until = std::chrono::steady_clock::now() + most_patience;
    while (endings.load() != 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  leave_interpreter();
}

Engine& PyEngine::engine() const {
  if (engine_ == nullptr) {
    throw ConfigError("the flags ask for a text, so there is no engine");
  }
  return *engine_;
}

std::string PyEngine::text() const {
  if (flags_.action == internal::Flags::Action::print) {
    return flags_.text;
  }
  return flags_.action == internal::Flags::Action::explain ? explain() : std::string();
}

void PyEngine::start() {
  if (interpreter_ends()) {
    throw ConfigError("the interpreter ends, so that no application can start any more");
  }
  const GilRelease release;
  internal::raise_open_file_limit();
  engine().start();
  internal::log_addresses(engine_log_, program_, engine());
}
void PyEngine::stop() {
  const GilRelease release;
  engine().stop();
}
void PyEngine::stop_now() {
  const GilRelease release;
  engine().stop_now();
}
std::optional<Outcome> PyEngine::wait_for(double seconds) {
  const GilRelease release;
  return engine().wait_for(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
}
std::string PyEngine::address(const std::string& name) const { return engine().address(name); }
std::string PyEngine::http_address() const { return engine().http_address(); }
std::string PyEngine::metrics_text() const {
  const GilRelease release;
  return engine().metrics_text();
}
std::string PyEngine::metrics_json() const {
  const GilRelease release;
  return engine().metrics_json();
}
std::string PyEngine::explain() const { return engine().explain(); }

}  // namespace wallaroo::python
