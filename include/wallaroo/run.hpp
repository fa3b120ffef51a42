// An application as a program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wallaroo {

class Application;

/// What a program adds to `run`.
struct RunOptions {
  /// Says in `--help` what the program's own arguments are, those after `--`. Empty: it takes none,
  /// and `run` refuses them.
  std::string arguments_help;
};

/// Runs the application with the flags in `argv` (`--help` tells them) until its sources end or
/// SIGTERM, SIGINT or SIGHUP asks it to drain, or with checkpoints to take a last one; a second
/// signal stops it at once. Prints errors to standard error. Returns the exit code: 0 after a clean
/// end, 1 when it failed, 2 when the application, the value of an option or a flag is wrong, or the
/// checkpoint does not fit them.
///
/// While it runs it handles SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE, for the whole process;
/// they are handled as before when it returns. A SIGHUP that was ignored before (nohup) stays so. One `run` at a time; a program that has several applications,
/// or a loop of its own, uses Engine.
int run(const Application& application, int argc, const char* const* argv,
        const RunOptions& options = {});

/// The program's own arguments: what follows the first `--` on the command line, as in
/// `word_count --threads 2 -- --language en`. A program needs them before it can describe its
/// pipelines, so they are read apart from `run`:
///
///     const auto arguments = wallaroo::application_arguments(argc, argv);
///     wallaroo::Application app = describe(arguments);
///     return wallaroo::run(app, argc, argv, {.arguments_help = "--language CODE"});
std::vector<std::string> application_arguments(int argc, const char* const* argv);

/// Of this library, e.g. "0.1.0".
std::string_view version();

}  // namespace wallaroo
