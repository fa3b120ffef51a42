#include "app/engine_ui.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/run.hpp>

#include "base/date_text.hpp"

namespace wallaroo::internal {

std::vector<FlagValue> flags_of(const EngineOptions& options) {
  std::vector<FlagValue> flags;
  const auto add = [&](const char* name, std::string value) {
    flags.push_back({.name = name, .value = std::move(value), .origin = "program"});
  };
  add("threads", fmt::format("{}", options.threads));
  add("http", options.http);
  for (const auto& [name, address] : options.addresses) {
    add("address", fmt::format("{}@{}", name, address));
  }
  if (const CheckpointOptions& checkpoints = options.checkpoints; !checkpoints.directory.empty()) {
    add("checkpoint-dir", checkpoints.directory);
    add("checkpoint-interval", duration_text(checkpoints.interval.count()));
    add("checkpoint-timeout", duration_text(checkpoints.timeout.count()));
    add("checkpoint-retain", fmt::format("{}", checkpoints.retain));
    add("checkpoint-failures", fmt::format("{}", checkpoints.failures));
  }
  return flags;
}

std::shared_ptr<Ui> make_ui(const std::string& application, const EngineOptions& options,
                            const Plan& plan) {
  if (options.http.empty()) {
    return nullptr;
  }
  constexpr auto seconds = [](std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
  };
  UiSettings settings{.application = application,
                      .version = std::string(version()),
                      .options = options.ui,
                      .log_level = options.log_level,
                      .checkpoint_directory = options.checkpoints.directory,
                      .checkpoint_interval_s = seconds(options.checkpoints.interval),
                      .checkpoint_timeout_s = seconds(options.checkpoints.timeout)};
  if (settings.options.flags.empty()) {
    settings.options.flags = flags_of(options);
  }
  return std::make_shared<Ui>(std::move(settings), plan);
}

}  // namespace wallaroo::internal
