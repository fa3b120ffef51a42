#include "app/program/flags.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "app/program/address_flags.hpp"
#include "app/program/flag_origins.hpp"
#include "app/program/flag_reader.hpp"

namespace wallaroo::internal {

namespace {

/// Refuses flags of checkpoints without a directory, where they would have no effect.
std::vector<std::string> flags_that_need_a_directory(const Given& given) {
  std::vector<std::string> flags;
  const auto look = [&](const char* flag, bool is_given) {
    if (is_given) {
      flags.emplace_back(flag);
    }
  };
  look("--checkpoint-interval", given.checkpoint_interval.has_value());
  look("--checkpoint-timeout", given.checkpoint_timeout.has_value());
  look("--checkpoint-retain", given.checkpoint_retain.has_value());
  look("--checkpoint-failures", given.checkpoint_failures.has_value());
  look("--restore", given.restore.has_value());
  look("--allow-dropped-state", given.allow_dropped_state);
  return flags;
}

void require_directory(const Given& given, std::string_view place) {
  if (const auto flags = flags_that_need_a_directory(given); !flags.empty()) {
    throw ConfigError(
        fmt::format("{}{}: without --checkpoint-dir no checkpoints are taken or restored; give "
                    "--checkpoint-dir DIR too, or leave out what needs it",
                    place, fmt::join(flags, ", ")));
  }
}

CheckpointOptions checkpoints_of(const Given& line, const Given& file) {
  CheckpointOptions options;
  options.directory = line.checkpoint_dir.value_or(file.checkpoint_dir.value_or(""));
  options.interval =
      line.checkpoint_interval.value_or(file.checkpoint_interval.value_or(options.interval));
  options.timeout =
      line.checkpoint_timeout.value_or(file.checkpoint_timeout.value_or(options.timeout));
  options.retain = line.checkpoint_retain.value_or(file.checkpoint_retain.value_or(options.retain));
  options.failures =
      line.checkpoint_failures.value_or(file.checkpoint_failures.value_or(options.failures));
  options.restore = line.restore ? line.restore : file.restore;
  options.allow_dropped_state = line.allow_dropped_state || file.allow_dropped_state;
  return options;
}

UiOptions ui_options_of(const Given& line, const Given& file) {
  UiOptions options;
  options.host_names = file.http_hosts;
  options.host_names.insert(options.host_names.end(), line.http_hosts.begin(),
                            line.http_hosts.end());
  options.show_records = line.http_show_records || file.http_show_records;
  return options;
}

AddressLists addresses_of(const Program& program, const Given& given, std::string_view place) {
  AddressLists all =
      resolve_addresses(fmt::format("{}--in", place), {"source", program.sources, true}, given.in);
  all.merge(
      resolve_addresses(fmt::format("{}--out", place), {"sink", program.sinks, false}, given.out));
  return all;
}

}  // namespace

Flags parse_flags(const Program& program, const std::vector<std::string>& arguments,
                  const ReadFile& read_file) {
  const auto own = std::find(arguments.begin(), arguments.end(), "--");
  const Given line = read_command_line(program, {arguments.begin(), own});
  if (line.help) {
    return {Flags::Action::print, flags_help(program), {}};
  }
  if (line.version) {
    return {Flags::Action::print,
            fmt::format("{} (wallaroo {})\n", program.application, program.version),
            {}};
  }
  if (own != arguments.end() && own + 1 != arguments.end() && program.arguments_help.empty()) {
    throw ConfigError(
        fmt::format("unexpected argument '{}': the application has no arguments of "
                    "its own after --",
                    *(own + 1)));
  }
  Given file;
  std::string place;
  if (line.config) {
    file = read_config_file(program, *line.config, read_file);
    place = *line.config + ": ";
  }

  Flags flags;
  flags.action = line.explain || file.explain ? Flags::Action::explain : Flags::Action::run;
  flags.engine.threads = line.threads.value_or(file.threads.value_or(flags.engine.threads));
  flags.engine.http = line.http.value_or(file.http.value_or(flags.engine.http));
  flags.engine.ui = ui_options_of(line, file);
  flags.engine.ui.flags = flag_origins(program, line, file);
  flags.engine.log_level = line.log_level.value_or(file.log_level.value_or(flags.engine.log_level));
  flags.engine.checkpoints = checkpoints_of(line, file);
  if (flags.engine.checkpoints.directory.empty()) {
    require_directory(line, "");
    require_directory(file, place);
  }
  AddressLists addresses = addresses_of(program, line, "");
  addresses.merge(addresses_of(program, file, place));
  for (auto& [name, values] : addresses) {
    if (values.size() == 1) {
      flags.engine.addresses.emplace(name, std::move(values.front()));
    } else {
      flags.engine.paths.emplace(name, std::move(values));
    }
  }
  return flags;
}

}  // namespace wallaroo::internal
