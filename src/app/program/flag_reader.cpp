#include "app/program/flag_reader.hpp"

#include <array>
#include <charconv>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <wallaroo/types/error.hpp>

#include "io/address.hpp"

namespace wallaroo::internal {

namespace {

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
                                                       "http-host",
                                                       "http-show-records",
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
        "serve the pages of the metrics UI, /metrics, /metrics.json, /livez and /readyz there");
    add_list("--http-host", given_.http_hosts, "NAME",
             "a name under which browsers reach the address of --http; repeatable. Addresses, "
             "localhost and the host of --http are known");
    app_.add_flag("--http-show-records", given_.http_show_records,
                  "the metrics UI shows keys, and the beginning of records that were refused");
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
    for (const CLI::Option* const option : app_.get_options()) {
      if (option->count() > 0) {
        given_.texts[option->get_single_name()] =
            fmt::format("{}", fmt::join(option->results(), " "));
      }
    }
    return std::move(given_);
  }

  std::vector<KnownFlag> known() const {
    std::vector<KnownFlag> flags;
    for (const CLI::Option* const option : app_.get_options()) {
      if (file_keys().contains(option->get_single_name())) {
        flags.push_back({option->get_single_name(), option->get_description()});
      }
    }
    return flags;
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

}  // namespace

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

Given read_command_line(const Program& program, const std::vector<std::string>& arguments) {
  return FlagReader(program).read(arguments);
}

std::string flags_help(const Program& program) { return FlagReader(program).help(program); }

std::vector<KnownFlag> known_flags(const Program& program) { return FlagReader(program).known(); }

}  // namespace wallaroo::internal
