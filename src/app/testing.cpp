#include <wallaroo/testing.hpp>

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "app/test_sources_and_sinks.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/prometheus.hpp"
#include "run/run.hpp"

namespace wallaroo::testing {

using internal::FrameQueue;

struct Checkpoint::Impl {
  explicit Impl(const std::string& copied = {}) {
    std::string name = (std::filesystem::temp_directory_path() / "wallaroo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw IoError(fmt::format("cannot make a directory like {}: {}", name,
                                std::generic_category().message(errno)));
    }
    directory = name;
    try {
      open(copied);
    } catch (...) {
      remove();
      throw;
    }
  }
  void open(const std::string& copied) {
    if (!copied.empty()) {
      copy_from(copied);
    }
    store.emplace(directory, internal::CheckpointStore::Access::write);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { remove(); }

  void copy_from(const std::string& from) const {
    try {
      std::filesystem::copy(from, directory, std::filesystem::copy_options::recursive);
    } catch (const std::filesystem::filesystem_error& error) {
      throw IoError(fmt::format("cannot copy the checkpoint in {}: {}", from, error.what()));
    }
    if (!internal::CheckpointStore(directory, internal::CheckpointStore::Access::read).latest()) {
      throw IoError(fmt::format("there is no checkpoint in {}", from));
    }
  }
  void remove() {
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  std::string directory;
  std::optional<internal::CheckpointStore> store;
};

Checkpoint::Checkpoint(const std::string& directory)
    : impl_(std::make_shared<const Impl>(directory)) {}

const std::string& Checkpoint::directory() const { return impl_->directory; }

class Harness::Impl {
 public:
  Impl(const Application& application, const HarnessOptions& options)
      : clock_(options.start.time_since_epoch().count()),
        registry_(application.name()),
        restored_(options.restore),
        run_(std::make_shared<internal::Plan>(application.graph(), options.executors),
             run_options(application, options), clock_, log_) {
    run_.open();
    run_.register_metrics(registry_);
    run_.start_inline();
    run_.run_inline();
  }

  internal::RunOptions run_options(const Application& application, const HarnessOptions& harness) {
    internal::RunOptions options;
    options.allow_dropped_state = harness.allow_dropped_state;
    options.application = application.name();
    options.substitutes = substitutes();
    options.checkpoints_inline = true;
    if (restored_) {
      const auto& store = *restored_->impl_->store;
      options.restored = store.latest();
      options.restored_from = &store;
    }
    return options;
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
  std::optional<Checkpoint> restored_;
  internal::Run run_;
};

Harness::Harness(const Application& application, const HarnessOptions& options)
    : impl_(std::make_unique<Impl>(application, options)) {}
Harness::Harness(const Application& application, EventTime start)
    : Harness(application, HarnessOptions{.start = start}) {}
Harness::~Harness() = default;

void Harness::send(const std::string& source, std::string_view frame) {
  const auto found = impl_->sources_.find(source);
  if (found == impl_->sources_.end()) {
    throw ConfigError(fmt::format("there is no TCP or file source named '{}'", source));
  }
  found->second->frames.emplace_back(frame);
  run();
}

void Harness::run() { impl_->run_.run_inline(); }

void Harness::advance(std::chrono::nanoseconds by) {
  impl_->clock_.advance(by);
  run();
}

Checkpoint Harness::checkpoint() {
  auto impl = std::make_shared<Checkpoint::Impl>();
  impl_->run_.checkpoint_inline(*impl->store);
  return Checkpoint(std::move(impl));
}

void Harness::end() {
  impl_->run_.end_sources();
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
