// The command `wallaroo`: looks at what applications leave behind.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <wallaroo/error.hpp>

#include "wallaroo/checkpoint_commands.hpp"
#include "wallaroo/opened_store.hpp"

namespace wallaroo::tool {
namespace {

constexpr int usage_exit_code = 2;

/// What the command line asks for.
struct Command {
  ShowRequest show;  ///< its directory and id are those of the other commands as well
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

void add_show(CLI::App& checkpoints, Command& command) {
  auto* const show =
      checkpoints.add_subcommand("show", "Prints the state of a stage, a line of JSON per key");
  show->add_option("ID", command.show.id, id_help)->required()->check(is_checkpoint_id);
  show->add_option("STAGE", command.show.stage, "Name of a stage")->required();
  auto* const key = show->add_option("KEY", command.key,
                                     "Only this key: its JSON text, or the plain text of a string");
  show->callback([&command, key] {
    if (key->count() > 0) {
      command.show.key = command.key;
    }
    command.run = [&command] { return show_state(command.show); };
  });
}

void add_prune(CLI::App& checkpoints, Command& command) {
  auto* const prune = checkpoints.add_subcommand(
      "prune", "Removes old checkpoints; only while no application uses the directory");
  prune->add_option("--retain", command.retain, "How many of the newest to keep")
      ->required()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  prune->callback([&command] {
    command.run = [&command] { return prune_checkpoints(command.show.directory, command.retain); };
  });
}

/// What was printed may be what another program goes on with.
void require_written() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw IoError("cannot write to standard output; free some space where it goes");
  }
}

int run(int argc, char** argv) {
  Command command;
  CLI::App app("Looks at what wallaroo applications leave behind.", "wallaroo");
  app.set_version_flag("--version", WALLAROO_VERSION);
  app.require_subcommand(1);
  auto* const checkpoints =
      app.add_subcommand("checkpoints", "Lists, checks, shows and removes checkpoints");
  checkpoints->add_option("DIR", command.show.directory, "The checkpoint directory")->required();
  checkpoints->require_subcommand(0, 1);
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
