// What the flags of a program need to know about its application.
#pragma once

#include <string>

#include "app/program/flags.hpp"

namespace wallaroo {
class Application;
}

namespace wallaroo::internal {

/// `arguments_help` as in RunOptions.
Program program_of(const Application& application, std::string arguments_help);

/// The content of a configuration file. Throws ConfigError when it cannot be read.
std::string read_file(const std::string& path);

}  // namespace wallaroo::internal
