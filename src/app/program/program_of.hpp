// Describes an application for the flags of its program.
#pragma once

#include <string>

#include "app/program/flags.hpp"
#include "base/log.hpp"

namespace wallaroo {
class Application;
class Engine;
}  // namespace wallaroo

namespace wallaroo::internal {

/// `arguments_help` as in RunOptions.
Program program_of(const Application& application, std::string arguments_help);

/// Logs where each source reads and each sink writes, with the ports that the kernel chose. Call
/// when the engine has started.
void log_addresses(const Log& log, const Program& program, const Engine& engine);

/// The content of a configuration file. Throws ConfigError when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace wallaroo::internal
