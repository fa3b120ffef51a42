#include <wallaroo/testing.hpp>

#include <map>
#include <utility>

#include <fmt/format.h>

#include "app/test_ends.hpp"
#include "metrics/prometheus.hpp"
#include "worker/worker.hpp"

namespace wallaroo::testing {

using internal::FrameQueue;

class Harness::Impl {
 public:
  Impl(const Application& application, EventTime start)
      : clock_(start.time_since_epoch().count()),
        registry_(application.name()),
        worker_(std::make_shared<internal::Plan>(application.graph(), 1),
                {application.name(), {}, substitutes()}, clock_, log_) {
    worker_.open();
    worker_.register_metrics(registry_);
    worker_.start_inline();
    worker_.run_inline();
  }

  internal::Substitutes substitutes() {
    return {[this](const std::string& name,
                   const internal::Node& node) -> std::unique_ptr<internal::Source> {
              if (!node.takes_frames) {
                return nullptr;
              }
              auto& queue = sources_[name] = std::make_shared<FrameQueue>();
              return std::make_unique<internal::FrameQueueSource>(queue);
            },
            [this](const std::string& name) {
              auto& records = sinks_[name] = std::make_shared<std::vector<std::string>>();
              return std::make_unique<internal::CaptureSink>(records);
            }};
  }

  internal::ManualClock clock_;
  internal::Log log_;
  internal::Registry registry_;
  std::map<std::string, std::shared_ptr<FrameQueue>> sources_;
  std::map<std::string, std::shared_ptr<std::vector<std::string>>> sinks_;
  internal::Worker worker_;
};

Harness::Harness(const Application& application, EventTime start)
    : impl_(std::make_unique<Impl>(application, start)) {}
Harness::~Harness() = default;

void Harness::send(const std::string& source, std::string_view frame) {
  const auto found = impl_->sources_.find(source);
  if (found == impl_->sources_.end()) {
    throw ConfigError(fmt::format("there is no TCP or file source named '{}'", source));
  }
  found->second->frames.emplace_back(frame);
  run();
}

void Harness::run() { impl_->worker_.run_inline(); }

void Harness::advance(std::chrono::nanoseconds by) {
  impl_->clock_.advance(by);
  run();
}

void Harness::end() {
  impl_->worker_.stop();
  run();
}

std::vector<std::string> Harness::output(const std::string& sink) {
  const auto found = impl_->sinks_.find(sink);
  if (found == impl_->sinks_.end()) {
    throw ConfigError(fmt::format("there is no TCP or file sink named '{}'", sink));
  }
  return std::exchange(*found->second, {});
}

std::string Harness::metrics_text() const { return internal::render_prometheus(impl_->registry_); }

}  // namespace wallaroo::testing
