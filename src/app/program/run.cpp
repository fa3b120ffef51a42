#include <wallaroo/run.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/application.hpp>
#include <wallaroo/engine.hpp>
#include <wallaroo/types/error.hpp>

#include "app/program/console_log.hpp"
#include "app/program/flags.hpp"
#include "app/program/program_of.hpp"
#include "app/program/standard_streams.hpp"
#include "app/program/stop_signals.hpp"
#include "app/program/wait_and_obey.hpp"
#include "base/current_error.hpp"
#include "base/log.hpp"
#include "io/open_file_limit.hpp"

namespace wallaroo {

namespace {

using internal::Flags;

enum ExitCode { clean = 0, failed = 1, wrong = 2 };

void say(std::FILE* where, const std::string& text) {
  std::fputs(text.c_str(), where);
  std::fflush(where);
}

int run_engine(const Application& application, const internal::Program& program, const Flags& flags,
               internal::StopSignals& signals) {
  EngineOptions options = flags.engine;
  options.log = internal::console_log();
  const internal::Log log(options.log_level, options.log);
  Engine engine(application, std::move(options));
  if (flags.action == Flags::Action::explain) {
    say(stdout, engine.explain());
    return clean;
  }
  internal::raise_open_file_limit();
  engine.start();
  internal::log_addresses(log, program, engine);
  const auto end = flags.engine.checkpoints.directory.empty()
                       ? internal::OrderlyEnd::drained
                       : internal::OrderlyEnd::last_checkpoint;
  if (const Outcome outcome = internal::wait_and_obey(engine, signals, log, end); !outcome.ok) {
    throw StageError(outcome.error);
  }
  log.info("application '{}' ended", program.application);
  return clean;
}

int run_program(const Application& application, const std::vector<std::string>& arguments,
                const RunOptions& options, internal::StopSignals& signals) {
  const internal::Program program = internal::program_of(application, options.arguments_help);
  Flags flags;
  try {
    flags = internal::parse_flags(program, arguments, internal::read_file);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}\nRun with --help for the flags.", error.what()));
  }
  if (flags.action == Flags::Action::print) {
    say(stdout, flags.text);
    return clean;
  }
  return run_engine(application, program, flags, signals);
}

}  // namespace

int run(const Application& application, int argc, const char* const* argv,
        const RunOptions& options) {
  internal::reserve_standard_streams();
  const auto refuse = [&](const char* error, ExitCode code) {
    say(stderr, fmt::format("{}: {}\n", application.name(), error));
    return code;
  };
  // Lives until the last message is out: a signal that comes while the application is ending must
  // not change its exit code.
  internal::StopSignals signals;
  try {
    return run_program(application, {argv + (argc > 0 ? 1 : 0), argv + argc}, options, signals);
  } catch (const ConfigError& error) {
    return refuse(error.what(), wrong);
  } catch (...) {
    // The engine copies functions of the user, which may throw anything.
    return refuse(internal::current_error().c_str(), failed);
  }
}

std::vector<std::string> application_arguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool own = false;
  for (int i = 1; i < argc; ++i) {
    if (own) {
      arguments.emplace_back(argv[i]);
    }
    own = own || std::string_view(argv[i]) == "--";
  }
  return arguments;
}

}  // namespace wallaroo
