#include <wallaroo/engine.hpp>

#include <sched.h>

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/application.hpp>

#include "base/current_error.hpp"
#include "metrics/describe.hpp"
#include "metrics/endpoints.hpp"
#include "metrics/prometheus.hpp"
#include "metrics/snapshot.hpp"
#include "worker/worker.hpp"

namespace wallaroo {

namespace {

// The cores that this process may run on (taskset, cgroups' cpuset), not those of the machine.
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

class Engine::Impl {
 public:
  Impl(const Application& application, EngineOptions options)
      : name_(application.name()),
        options_(std::move(options)),
        log_(options_.log_level, options_.log),
        registry_(name_),
        plan_(std::make_shared<internal::Plan>(application.graph(), executors_of(options_))),
        worker_(plan_, {name_, options_.addresses, {}}, clock_, log_) {}

  ~Impl() {
    if (http_ != nullptr) {
      http_->stop();
    }
  }

  void start() {
    if (started_) {
      throw ConfigError("the engine was started before; make another one to run again");
    }
    started_ = true;
    try {
      open();
      worker_.start_threads();
    } catch (...) {
      if (http_ != nullptr) {
        http_->stop();
        http_.reset();
      }
      worker_.start_failed(internal::current_error());
      throw;
    }
    log_.info("application '{}' runs on {} executor{}", name_, plan_->executors(),
              plan_->executors() == 1 ? "" : "s");
  }

  void open() {
    worker_.open();
    worker_.register_metrics(registry_);
    internal::register_process(registry_);
    if (!options_.http.empty()) {
      http_ = std::make_unique<internal::HttpServer>(
          options_.http, internal::make_routes(registry_, [this] { return worker_.running(); }));
      http_->start();
      log_.info("metrics on http://{}/metrics", http_->address());
    }
  }

  std::string name_;
  EngineOptions options_;
  internal::SteadyClock clock_;
  internal::Log log_;
  internal::Registry registry_;
  std::shared_ptr<const internal::Plan> plan_;
  internal::Worker worker_;
  std::unique_ptr<internal::HttpServer> http_;
  bool started_ = false;
};

Engine::Engine(const Application& application, EngineOptions options)
    : impl_(std::make_unique<Impl>(application, std::move(options))) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::start() { impl_->start(); }
void Engine::stop() { impl_->worker_.stop(); }
void Engine::stop_now() { impl_->worker_.stop_now(); }

Outcome Engine::wait() { return *impl_->worker_.wait(std::nullopt); }
std::optional<Outcome> Engine::wait_for(std::chrono::nanoseconds timeout) {
  return impl_->worker_.wait(timeout);
}

std::string Engine::address(const std::string& source_or_sink) const {
  return impl_->worker_.address(source_or_sink);
}
std::string Engine::http_address() const {
  return impl_->http_ == nullptr ? std::string() : impl_->http_->address();
}
std::string Engine::metrics_text() const { return internal::render_prometheus(impl_->registry_); }
std::string Engine::metrics_json() const { return internal::render_snapshot(impl_->registry_); }
std::string Engine::explain() const { return impl_->plan_->explain(impl_->name_); }

}  // namespace wallaroo
