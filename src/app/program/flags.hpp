// The command line of an application, and its configuration file, as values.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <wallaroo/engine.hpp>

namespace wallaroo::internal {

/// The program whose flags are read.
struct Program {
  std::string application;
  std::string version;               ///< of the library
  std::vector<std::string> sources;  ///< names, in the order in which they were described
  std::vector<std::string> sinks;    ///< those that have an address
  std::string arguments_help;        ///< empty: it has no arguments of its own
};

/// The flags that were given on the command line and in the file.
struct Flags {
  enum class Action {
    run,
    explain,
    print,  ///< `text`, which `--help` or `--version` asked for
  };
  Action action = Action::run;
  std::string text;
  EngineOptions engine;  ///< everything but `log`
};

/// Returns a file's content, or throws ConfigError.
using ReadFile = std::function<std::string(const std::string& path)>;

/// `arguments` are those after the program's name. Throws ConfigError that says which flag, or
/// which key of which file, is wrong. A flag wins over the file; for addresses this is decided for
/// each name.
Flags parse_flags(const Program& program, const std::vector<std::string>& arguments,
                  const ReadFile& read_file);

}  // namespace wallaroo::internal
