// An application as a program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wallaroo {

class Application;

/// Options of `run`.
struct RunOptions {
  /// The text with which `--help` describes the program's own arguments, those after `--`. Empty:
  /// the program takes none, and `run` refuses them.
  std::string arguments_help;
};

/// Runs the application with the flags in `argv` (`--help` lists them) until its sources end, or
/// until SIGTERM, SIGINT or SIGHUP. Such a signal makes it drain or, with checkpoints, take a last
/// checkpoint; a second one stops it at once. Prints errors to standard error. Returns the exit
/// code: 0 after a clean end; 1 when the run failed; 2 when the application, an option or a flag is
/// wrong, or the checkpoint does not fit them.
///
/// While it runs it handles SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE, for the whole process;
/// when it returns, the earlier handlers are restored. A SIGHUP that was ignored before (nohup)
/// stays ignored. Call one `run` at a time; a program that has several applications, or a loop of
/// its own, uses Engine.
int run(const Application& application, int argc, const char* const* argv,
        const RunOptions& options = {});

/// Returns the program's own arguments, which follow the first `--` on the command line, as in
/// `word_count --threads 2 -- --language en`. A program needs them before it can describe its
/// pipelines, so they are read separately from `run`:
///
///     const auto arguments = wallaroo::application_arguments(argc, argv);
///     wallaroo::Application app = describe(arguments);
///     return wallaroo::run(app, argc, argv, {.arguments_help = "--language CODE"});
std::vector<std::string> application_arguments(int argc, const char* const* argv);

/// The version of this library, e.g. "0.1.0".
std::string_view version();

}  // namespace wallaroo
