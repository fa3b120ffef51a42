// The command `wallaroo`: looks at running applications, and into their checkpoint directories.
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <wallaroo/types/error.hpp>

#include "wallaroo/checkpoint_commands.hpp"
#include "wallaroo/doctor.hpp"
#include "wallaroo/opened_store.hpp"

namespace wallaroo::tool {
namespace {

constexpr int usage_exit_code = 2;

/// What the command line asks for.
struct Command {
  ShowRequest show;  ///< the other commands use its directory and id as well
  TopRequest top;    ///< `doctor` uses its URL and `json` as well
  std::string key;
  std::size_t retain = 0;
  bool json = false;
  std::function<int()> run;
};

std::string is_checkpoint_id(const std::string& text) {
  try {
    require_checkpoint_id(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

const char* const id_help = "Number of a checkpoint, or 'latest'";

void add_list(CLI::App& checkpoints, Command& command) {
  checkpoints.add_flag("--json", command.json, "List as one JSON document");
  auto* const list =
      checkpoints.add_subcommand("list", "Lists all checkpoints, newest first (the default)");
  list->fallthrough();
  command.run = [&command] { return list_checkpoints(command.show.directory, command.json); };
}

void add_verify(CLI::App& checkpoints, Command& command) {
  auto* const verify =
      checkpoints.add_subcommand("verify", "Reads everything and checks every checksum");
  verify->add_option("ID", command.show.id, fmt::format("{} (default: all)", id_help))
      ->check(is_checkpoint_id);
  verify->callback([&command] {
    command.run = [&command] {
      return verify_checkpoints(command.show.directory, command.show.id);
    };
  });
}

const char* const show_order = "wallaroo checkpoints DIR show ID STAGE [KEY]";

/// When the arguments of `show` are missing or in the wrong order, the error names the order.
void require_id_and_stage(const CLI::Option& id, const CLI::Option& stage) {
  if (id.count() == 0 || stage.count() == 0) {
    throw CLI::ValidationError(
        "show", fmt::format("{} is missing; the order is {}, where ID is the number of a "
                            "checkpoint or 'latest'",
                            id.count() == 0 ? "ID" : "STAGE", show_order));
  }
  if (const std::string wrong = is_checkpoint_id(id.as<std::string>()); !wrong.empty()) {
    throw CLI::ValidationError("ID", fmt::format("{}; the order is {}", wrong, show_order));
  }
}

void add_show(CLI::App& checkpoints, Command& command) {
  auto* const show = checkpoints.add_subcommand(
      "show", fmt::format("Prints the state of a stage, a line of JSON per key: {}", show_order));
  auto* const id = show->add_option("ID", command.show.id, id_help);
  auto* const stage = show->add_option("STAGE", command.show.stage, "Name of a stage");
  auto* const key = show->add_option("KEY", command.key,
                                     "Only this key: its JSON text, or the plain text of a string");
  show->callback([&command, id, stage, key] {
    require_id_and_stage(*id, *stage);
    if (key->count() > 0) {
      command.show.key = command.key;
    }
    command.run = [&command] { return show_state(command.show); };
  });
}

constexpr std::size_t max_retained = 1'000'000;

/// When --retain is missing, the error says why there is no default.
std::size_t require_retained(const CLI::Option& retain) {
  if (retain.count() == 0) {
    throw CLI::ValidationError("prune",
                               "--retain is missing; say how many of the newest checkpoints to "
                               "keep, such as --retain 2: removed ones cannot be brought back");
  }
  const std::string text = retain.as<std::string>();
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 ||
      number > max_retained) {
    throw CLI::ValidationError(
        "--retain", fmt::format("'{}' is not a number from 1 to {}", text, max_retained));
  }
  return number;
}

void add_prune(CLI::App& checkpoints, Command& command) {
  auto* const prune = checkpoints.add_subcommand(
      "prune", "Removes all but the newest --retain N; only while no application uses DIR");
  auto* const retain = prune
                           ->add_option("--retain",
                                        "How many of the newest to keep; must be given, as removed "
                                        "ones cannot be brought back")
                           ->type_name("N")
                           ->expected(1);
  prune->callback([&command, retain] {
    command.retain = require_retained(*retain);
    command.run = [&command] { return prune_checkpoints(command.show.directory, command.retain); };
  });
}

constexpr const char* url_help = "Where the application was started with --http: http://HOST:PORT";

void add_top(CLI::App& app, Command& command) {
  auto* const top = app.add_subcommand(
      "top", "Shows what holds an application back, and all its stages, again each second");
  top->add_option("URL", command.top.url, url_help)->required();
  top->add_flag("--once", command.top.once, "Show it once and end");
  top->add_flag("--json", command.top.json, "Print /api/v1/series, a line of JSON each second");
  top->callback([&command] { command.run = [&command] { return show_top(command.top); }; });
}

void add_doctor(CLI::App& app, Command& command) {
  auto* const doctor = app.add_subcommand(
      "doctor", "Checks a running application and says what is wrong; the exit code is 1 then");
  doctor->add_option("URL", command.top.url, url_help)->required();
  doctor->add_flag("--json", command.top.json, "Print the checks as one JSON document");
  doctor->callback([&command] {
    command.run = [&command] { return examine_application(command.top.url, command.top.json); };
  });
}

std::string failure(const CLI::App* app, const CLI::Error& error) {
  return fmt::format(
      "wallaroo: {}\nRun with --help for how to use it.\n",
      error.get_name() == "RequiredError" && app->get_parent() == nullptr
          ? "say what to look at: wallaroo checkpoints DIR, wallaroo top URL or wallaroo "
            "doctor URL"
          : error.what());
}

/// Fails when the output was not written whole, because another program may use it.
void require_written() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw IoError("cannot write to standard output; free some space where it goes");
  }
}

int run(int argc, char** argv) {
  Command command;
  CLI::App app("Looks at wallaroo applications that run, and into their checkpoint directories.",
               "wallaroo");
  app.set_version_flag("--version", WALLAROO_VERSION);
  app.require_subcommand(1);
  app.failure_message(failure);
  auto* const checkpoints =
      app.add_subcommand("checkpoints", "Lists, verifies, shows and removes checkpoints");
  checkpoints->add_option("DIR", command.show.directory, "The checkpoint directory")->required();
  checkpoints->require_subcommand(0, 1);
  add_top(app, command);
  add_doctor(app, command);
  add_list(*checkpoints, command);
  add_verify(*checkpoints, command);
  add_show(*checkpoints, command);
  add_prune(*checkpoints, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : usage_exit_code;
  }
  const int exit_code = command.run();
  require_written();
  return exit_code;
}

}  // namespace
}  // namespace wallaroo::tool

int main(int argc, char** argv) {
  try {
    return wallaroo::tool::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wallaroo: {}\n", error.what());
    return 1;
  }
}
