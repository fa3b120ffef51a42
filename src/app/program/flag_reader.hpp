// Reads the flags of one place: the command line, or the configuration file.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <wallaroo/types/logging.hpp>

#include "app/program/flags.hpp"

namespace wallaroo::internal {

/// The flags given in one place: on the command line, or in the file.
struct Given {
  std::vector<std::string> in;
  std::vector<std::string> out;
  std::optional<int> threads;
  std::optional<std::string> http;
  std::vector<std::string> http_hosts;
  bool http_show_records = false;
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
  /// By name without dashes: the flags that were given, as text.
  std::map<std::string, std::string> texts;
};

/// A flag that a program understands.
struct KnownFlag {
  std::string name;  ///< without dashes
  std::string help;
};

/// Returns the flags of the command line. Throws ConfigError.
Given read_command_line(const Program& program, const std::vector<std::string>& arguments);
/// Returns the flags of a configuration file. Throws ConfigError that names the file.
Given read_config_file(const Program& program, const std::string& path, const ReadFile& read_file);
/// The text of --help.
std::string flags_help(const Program& program);
/// All flags that a file may give, in the order of --help.
std::vector<KnownFlag> known_flags(const Program& program);

}  // namespace wallaroo::internal
