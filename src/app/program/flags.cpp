#include "app/program/flags.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <wallaroo/types/error.hpp>

#include "app/program/address_flags.hpp"
#include "io/address.hpp"

namespace wallaroo::internal {

namespace {

/// The flags given in one place: on the command line, or in the file.
struct Given {
  std::vector<std::string> in;
  std::vector<std::string> out;
  std::optional<int> threads;
  std::optional<std::string> http;
  std::optional<LogLevel> log_level;
  std::optional<std::string> checkpoint_dir;
  std::optional<std::chrono::nanoseconds> checkpoint_interval;
  std::optional<std::chrono::nanoseconds> checkpoint_timeout;
  std::optional<std::uint64_t> checkpoint_retain;
  std::optional<std::uint64_t> checkpoint_failures;
  std::optional<std::uint64_t> restore;
  bool allow_dropped_state = false;
  std::optional<std::string> config;
  bool explain = false;
  bool help = false;
  bool version = false;
};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> level_names{{
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warning", LogLevel::warning},
    {"error", LogLevel::error},
    {"off", LogLevel::off},
}};

/// The keys of a configuration file: these flags without their dashes.
const std::set<std::string, std::less<>>& file_keys() {
  static const std::set<std::string, std::less<>> keys{"in",
                                                       "out",
                                                       "threads",
                                                       "http",
                                                       "log-level",
                                                       "explain",
                                                       "checkpoint-dir",
                                                       "checkpoint-interval",
                                                       "checkpoint-timeout",
                                                       "checkpoint-retain",
                                                       "checkpoint-failures",
                                                       "restore",
                                                       "allow-dropped-state"};
  return keys;
}

LogLevel read_level(const std::string& text) {
  for (const auto& [name, level] : level_names) {
    if (name == text) {
      return level;
    }
  }
  throw ConfigError(
      fmt::format("'{}' is not a log level; use debug, info, warning, error or off", text));
}

int read_threads(const std::string& text) {
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc{} || end != text.data() + text.size() || threads < 0) {
    throw ConfigError(fmt::format(
        "'{}' is not a number of threads; use a whole number, or 0 for all cores", text));
  }
  return threads;
}

std::uint64_t read_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ConfigError(fmt::format("'{}' is not a whole number from 0 on{}", text,
                                  error == std::errc::result_out_of_range ? ", or too large" : ""));
  }
  return number;
}

std::uint64_t read_retained(const std::string& text) {
  const std::uint64_t number = read_number(text);
  if (number == 0) {
    throw ConfigError("at least one checkpoint must be retained; use 1 or more");
  }
  return number;
}

std::uint64_t read_checkpoint(const std::string& text) {
  try {
    return read_number(text);
  } catch (const ConfigError&) {
    throw ConfigError(fmt::format(
        "'{}' is not the number of a checkpoint; `wallaroo checkpoints DIR` tells which there are, "
        "and without this flag it is the newest",
        text));
  }
}

std::chrono::nanoseconds read_duration(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> units{
      {{"ms", 1e6}, {"us", 1e3}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};
  double count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, nanoseconds] : units) {
    if (error == std::errc{} && unit == name && count > 0 && count * nanoseconds < 9e18) {
      return std::chrono::nanoseconds(
          std::max<std::int64_t>(1, static_cast<std::int64_t>(count * nanoseconds)));
    }
  }
  throw ConfigError(fmt::format(
      "'{}' is not a duration; use a number above 0 and a unit: 500ms, 1s, 2min, 1h", text));
}

std::string read_host_port(const std::string& text) {
  (void)parse_host_port(text);
  return text;
}

std::string read_path(const std::string& text) {
  if (text.empty()) {
    throw ConfigError("the path is empty");
  }
  if (text.starts_with("--")) {
    throw ConfigError(fmt::format(
        "the path is missing in front of '{}'; if that is its name, write ./{}", text, text));
  }
  return text;
}

std::string list_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// The flags as CLI11 reads them. `origin` names the place in errors.
class FlagReader {
 public:
  explicit FlagReader(const Program& program) : app_("", program.application) {
    app_.set_help_flag();
    app_.allow_extras();
    add_list(
        "--in", given_.in, "NAME@ADDRESS ...",
        fmt::format("where a source listens (host:port), or which files it reads: one, "
                    "several, or patterns such as 'logs/*.log'; repeatable; the name may be left "
                    "out when there is one source (sources: {})",
                    list_of(program.sources)))
        ->allow_extra_args();
    add_list("--out", given_.out, "[NAME@]ADDRESS",
             fmt::format("where a sink connects to (host:port), or the file it writes; "
                         "repeatable; those without a name go to the sinks in this order: {}",
                         list_of(program.sinks)));
    add("--threads", given_.threads, read_threads, "N",
        "executor threads; 0, the default, is one for each core");
    add("--http", given_.http, read_host_port, "HOST:PORT",
        "serve /metrics, /metrics.json, /livez and /readyz there");
    add("--checkpoint-dir", given_.checkpoint_dir, read_path, "DIR",
        "keep checkpoints there, and go on from the newest one: with the same command, an "
        "application that was killed goes on as if nothing had happened; the flags of checkpoints "
        "below need it");
    add("--checkpoint-interval", given_.checkpoint_interval, read_duration, "DURATION",
        "time from the beginning of one checkpoint to that of the next (1s)");
    add("--checkpoint-timeout", given_.checkpoint_timeout, read_duration, "DURATION",
        "a checkpoint that takes longer has failed (10min)");
    add("--checkpoint-retain", given_.checkpoint_retain, read_retained, "N",
        "how many checkpoints are kept (2)");
    add("--checkpoint-failures", given_.checkpoint_failures, read_number, "N",
        "stop when this many checkpoints in a row have failed (10); 0: never");
    add("--restore", given_.restore, read_checkpoint, "ID",
        "go on from this checkpoint rather than from the newest; what sinks have committed since "
        "is taken back where that can be done (see the guide)");
    app_.add_flag("--allow-dropped-state", given_.allow_dropped_state,
                  "restore a checkpoint although it has state of stages that the application no "
                  "longer has; that state is dropped");
    add("--config", given_.config, read_path, "FILE",
        fmt::format("read flags from a TOML or INI file (keys: {}); the command line wins over it",
                    fmt::join(file_keys(), ", ")));
    add("--log-level", given_.log_level, read_level, "LEVEL",
        "debug, info (the default), warning, error or off");
    app_.add_flag("--explain", given_.explain, "print how the application would run, and exit");
    app_.add_flag("--help,-h", given_.help, "print this, and exit");
    app_.add_flag("--version", given_.version, "print the version, and exit");
    if (!program.arguments_help.empty()) {
      app_.footer(fmt::format("After -- follow the application's own arguments:\n{}",
                              program.arguments_help));
    }
  }

  /// Throws ConfigError without the place.
  Given read(const std::vector<std::string>& arguments) {
    try {
      // CLI11 takes arguments from the back.
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
      throw ConfigError(error.what());
    }
    if (const auto left = app_.remaining(); !left.empty()) {
      throw ConfigError(left.front().starts_with('-')
                            ? fmt::format("unknown flag '{}'", left.front())
                            : fmt::format("unexpected argument '{}'", left.front()));
    }
    return std::move(given_);
  }

  std::string help(const Program& program) const {
    return fmt::format("{}, an application of wallaroo {}.\n{}", program.application,
                       program.version, app_.help());
  }

 private:
  CLI::Option* add_list(const std::string& flag, std::vector<std::string>& values,
                        std::string value_name, std::string help) {
    return app_.add_option(flag, values, std::move(help))
        ->type_name(std::move(value_name))
        ->allow_extra_args(false);
  }

  template <class Value>
  void add(const std::string& flag, std::optional<Value>& target,
           Value (*read_value)(const std::string&), std::string value_name, std::string help) {
    app_.add_option_function<std::string>(
            flag,
            [flag, &target, read_value](const std::string& text) {
              try {
                target = read_value(text);
              } catch (const ConfigError& error) {
                throw CLI::ValidationError(flag, error.what());
              }
            },
            std::move(help))
        ->type_name(std::move(value_name));
  }

  CLI::App app_;
  Given given_;
};

/// The file's keys as flags.
std::vector<std::string> file_as_arguments(const std::string& content) {
  std::istringstream stream(content);
  std::vector<std::string> arguments;
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(stream)) {
    if (item.name == "++" || item.name == "--") {
      throw ConfigError(fmt::format("unknown section [{}]; the keys stand outside of sections",
                                    fmt::join(item.parents, ".")));
    }
    if (!item.parents.empty() || !file_keys().contains(item.name)) {
      throw ConfigError(fmt::format("unknown key '{}'; the keys are: {}", item.fullname(),
                                    fmt::join(file_keys(), ", ")));
    }
    for (const std::string& value : item.inputs) {
      arguments.push_back(fmt::format("--{}={}", item.name, value));
    }
  }
  return arguments;
}

Given read_config_file(const Program& program, const std::string& path, const ReadFile& read_file) {
  const std::string content = read_file(path);
  try {
    return FlagReader(program).read(file_as_arguments(content));
  } catch (const CLI::ParseError& error) {
    throw ConfigError(fmt::format("{}: {}", path, error.what()));
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", path, error.what()));
  }
}

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
  FlagReader reader(program);
  const Given line = reader.read({arguments.begin(), own});
  if (line.help) {
    return {Flags::Action::print, reader.help(program), {}};
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
