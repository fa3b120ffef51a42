#include "app/program/flag_origins.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <wallaroo/engine.hpp>

#include "base/date_text.hpp"

namespace wallaroo::internal {

namespace {

/// The values of flags that are not given, as text.
std::map<std::string, std::string, std::less<>> default_texts() {
  const CheckpointOptions checkpoints;
  return {{"threads", "0"},
          {"http-show-records", "false"},
          {"log-level", "info"},
          {"checkpoint-interval", duration_text(checkpoints.interval.count())},
          {"checkpoint-timeout", duration_text(checkpoints.timeout.count())},
          {"checkpoint-retain", fmt::format("{}", checkpoints.retain)},
          {"checkpoint-failures", fmt::format("{}", checkpoints.failures)},
          {"allow-dropped-state", "false"}};
}

std::optional<std::string> text_in(const Given& given, const std::string& name) {
  const auto found = given.texts.find(name);
  return found == given.texts.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::vector<FlagValue> flag_origins(const Program& program, const Given& line, const Given& file) {
  const auto defaults = default_texts();
  std::vector<FlagValue> values;
  for (const KnownFlag& flag : known_flags(program)) {
    FlagValue value{
        .name = flag.name, .value = {}, .origin = "default", .file = {}, .help = flag.help};
    if (const auto on_line = text_in(line, flag.name)) {
      value.value = *on_line;
      value.origin = "command line";
    } else if (const auto in_file = text_in(file, flag.name)) {
      value.value = *in_file;
      value.origin = "file";
      value.file = line.config.value_or("");
    } else if (const auto found = defaults.find(flag.name); found != defaults.end()) {
      value.value = found->second;
    }
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace wallaroo::internal
