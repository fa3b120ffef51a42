#include "app/engine_run.hpp"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "metrics/describe.hpp"
#include "metrics/http/endpoints.hpp"
#include "metrics/prometheus.hpp"
#include "metrics/snapshot.hpp"

namespace wallaroo::internal {

EngineRun::EngineRun(std::shared_ptr<const Plan> plan, const EngineRunConfig& config,
                     const Clock& clock, const Log& log)
    : config_(config),
      log_(log),
      plan_(std::move(plan)),
      registry_(config.application),
      run_(plan_, config.run, clock, log) {}

EngineRun::~EngineRun() { stop_http(); }

void EngineRun::start() {
  run_.open();
  remember_addresses();
  run_.register_metrics(registry_);
  register_build(registry_, config_.run.engine_version);
  register_process(registry_);
  start_http();
  start_pusher();
  run_.start_threads();
}

void EngineRun::start_http() {
  if (config_.http.empty()) {
    return;
  }
  HttpRoutes routes = make_routes(registry_, [this] { return run_.reading(); });
  if (config_.ui) {
    begin_ui();
    config_.ui->add_routes(routes);
  }
  auto http = std::make_unique<HttpServer>(config_.http, std::move(routes), HttpLimits{},
                                           config_.http_names);
  http->start();
  log_.info("metrics on http://{}/metrics", http->address());
  if (const std::string address = http->address();
      !address.starts_with("127.") && !address.starts_with("[::1]")) {
    log_.warning(
        "anybody who reaches {} sees the metrics; use a loopback address to keep them on this "
        "machine",
        address);
  }
  const std::lock_guard lock(mutex_);
  http_ = std::move(http);
}

void EngineRun::begin_ui() {
  UiRun run{.registry = &registry_, .reading = [this] { return run_.reading(); }};
  run.keys = run_.sampled_keys();
  {
    const std::lock_guard lock(mutex_);
    run.addresses = addresses_;
  }
  config_.ui->begin_run(std::move(run));
  shown_ = true;
}

void EngineRun::stop_http() {
  if (http_ != nullptr) {
    http_->stop();
  }
  if (shown_) {
    config_.ui->end_run();
    shown_ = false;
  }
}

void EngineRun::start_pusher() {
  if (config_.push) {
    pusher_ = std::make_unique<Pusher>(*config_.push,
                                       run_.pushed_metrics(config_.push->sender.worker), log_);
    pusher_->start();
  }
}

void EngineRun::failed_to_start(const std::string& error) {
  {
    const std::lock_guard lock(mutex_);
    stop_http();
    http_.reset();
    addresses_.clear();
  }
  pusher_.reset();
  run_.start_failed(error);
}

void EngineRun::remember_addresses() {
  for (const Node& node : plan_->nodes()) {
    if (node.source || node.sink) {
      const auto& name = plan_->stages()[node.stages.front()].name;
      const std::string address = run_.address(name);
      const std::lock_guard lock(mutex_);
      addresses_[name] = address;
    }
  }
}

void EngineRun::close() {
  stop_http();
  pusher_.reset();
  run_.close();
}

std::string EngineRun::http_address() const {
  const std::lock_guard lock(mutex_);
  return http_ == nullptr ? std::string() : http_->address();
}

std::string EngineRun::address(const std::string& source_or_sink) const {
  const std::lock_guard lock(mutex_);
  const auto found = addresses_.find(source_or_sink);
  if (found == addresses_.end()) {
    throw ConfigError(fmt::format("there is no open source or sink named '{}'", source_or_sink));
  }
  return found->second;
}

std::map<std::string, std::string> EngineRun::bound_addresses(
    std::map<std::string, std::string> wanted) const {
  for (const std::string& name : run_.listening_sources()) {
    wanted[name] = run_.address(name);
  }
  return wanted;
}

std::string EngineRun::metrics_text() const { return render_prometheus(registry_); }
std::string EngineRun::metrics_json() const { return render_snapshot(registry_); }

}  // namespace wallaroo::internal
