#include "app/program/flags.hpp"

#include <gtest/gtest.h>

#include <random>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

Program program() { return {"word_count", "1.2.3", {"lines"}, {"totals", "alarms"}, ""}; }

std::string no_file(const std::string& path) { throw ConfigError("cannot read " + path); }

Flags parse(const std::vector<std::string>& arguments, const Program& of = program()) {
  return parse_flags(of, arguments, no_file);
}

std::string refusal(const std::vector<std::string>& arguments, const Program& of = program()) {
  try {
    (void)parse(arguments, of);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

Flags parse_with_file(const std::string& content, std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"--config", "my.toml"});
  return parse_flags(program(), arguments, [&](const std::string& path) {
    EXPECT_EQ(path, "my.toml");
    return content;
  });
}

std::string refusal_of_file(const std::string& content) {
  try {
    (void)parse_with_file(content);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

using Addresses = std::map<std::string, std::string>;

TEST(Flags, NoneLeaveTheDefaults) {
  const Flags flags = parse({});
  EXPECT_EQ(flags.action, Flags::Action::run);
  EXPECT_EQ(flags.engine.threads, 0);
  EXPECT_EQ(flags.engine.http, "");
  EXPECT_EQ(flags.engine.log_level, LogLevel::info);
  EXPECT_TRUE(flags.engine.addresses.empty());
}

TEST(Flags, AllOfThemAreRead) {
  const Flags flags = parse({"--in", "lines@127.0.0.1:1", "--out=totals@[::1]:2", "--threads", "3",
                             "--http", "0.0.0.0:0", "--log-level", "debug", "--explain"});
  EXPECT_EQ(flags.action, Flags::Action::explain);
  EXPECT_EQ(flags.engine.threads, 3);
  EXPECT_EQ(flags.engine.http, "0.0.0.0:0");
  EXPECT_EQ(flags.engine.log_level, LogLevel::debug);
  EXPECT_EQ(flags.engine.addresses, (Addresses{{"lines", "127.0.0.1:1"}, {"totals", "[::1]:2"}}));
}

TEST(Flags, EveryLogLevelHasAName) {
  EXPECT_EQ(parse({"--log-level", "info"}).engine.log_level, LogLevel::info);
  EXPECT_EQ(parse({"--log-level", "warning"}).engine.log_level, LogLevel::warning);
  EXPECT_EQ(parse({"--log-level", "error"}).engine.log_level, LogLevel::error);
  EXPECT_EQ(parse({"--log-level", "off"}).engine.log_level, LogLevel::off);
}

TEST(Flags, ABareAddressIsForTheOnlySource) {
  EXPECT_EQ(parse({"--in", "h:1"}).engine.addresses, (Addresses{{"lines", "h:1"}}));
}

TEST(Flags, ASourceMayHaveSeveralFilesInTheOrderGiven) {
  using Paths = std::map<std::string, std::vector<std::string>>;
  const Paths three{{"lines", {"b.log", "a.log", "logs/*.log"}}};
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--in", "b.log", "a.log", "logs/*.log"},
           {"--in", "b.log", "--threads", "2", "--in", "a.log", "--in=logs/*.log"},
           {"--in", "lines@b.log", "a.log", "--in", "lines@logs/*.log"}}) {
    const Flags flags = parse(arguments);
    EXPECT_EQ(flags.engine.paths, three);
    EXPECT_TRUE(flags.engine.addresses.empty());
  }
}

TEST(Flags, ABareAddressNeedsANameWhenThereAreSeveralSources) {
  const Program two{"a", "1", {"orders", "quotes"}, {}, ""};
  EXPECT_EQ(refusal({"--in", "h:1"}, two),
            "--in 'h:1': say for which source it is, NAME@h:1; the application has: orders, "
            "quotes");
}

TEST(Flags, BareAddressesOfSinksGoInTheOrderOfTheirDescription) {
  EXPECT_EQ(parse({"--out", "h:1", "--out", "h:2"}).engine.addresses,
            (Addresses{{"totals", "h:1"}, {"alarms", "h:2"}}));
}

TEST(Flags, ABareAddressSkipsTheSinksThatAreNamed) {
  EXPECT_EQ(parse({"--out", "h:1", "--out", "totals@h:2"}).engine.addresses,
            (Addresses{{"totals", "h:2"}, {"alarms", "h:1"}}));
}

TEST(Flags, AnAddressMayHoldFurtherAtSigns) {
  EXPECT_EQ(parse({"--in", "lines@/data/a@b"}).engine.addresses,
            (Addresses{{"lines", "/data/a@b"}}));
}

TEST(Flags, ADashIsAnAddressAsStandardInputAndOutputAre) {
  EXPECT_EQ(parse({"--in", "-", "--out", "-", "--out", "alarms@-"}).engine.addresses,
            (Addresses{{"lines", "-"}, {"totals", "-"}, {"alarms", "-"}}));
}

TEST(Flags, WrongAddressesNameWhatExists) {
  EXPECT_EQ(refusal({"--in", "words@h:1"}),
            "--in 'words@h:1': there is no source 'words' that takes an address; the application "
            "has: lines");
  EXPECT_EQ(refusal({"--out", "lines@h:1"}),
            "--out 'lines@h:1': there is no sink 'lines' that takes an address; the application "
            "has: totals, alarms");
  EXPECT_EQ(refusal({"--in", "lines@"}), "--in 'lines@': there is no address after '@'");
  EXPECT_EQ(refusal({"--in", ""}), "--in '': the address is empty");
  EXPECT_EQ(refusal({"--out", "totals@h:1", "--out", "totals@h:2"}),
            "--out 'totals@h:2': sink 'totals' has an address already");
  EXPECT_EQ(refusal({"--out", "a:1", "--out", "a:2", "--out", "a:3"}),
            "--out 'a:3': no sink is left that it could be for; the application has: totals, "
            "alarms");
}

TEST(Flags, AnApplicationWithoutSinksSaysSo) {
  EXPECT_EQ(refusal({"--out", "h:1"}, {"a", "1", {"lines"}, {}, ""}),
            "--out 'h:1': no sink is left that it could be for; the application has no sink with "
            "an address");
}

TEST(Flags, UnknownOnesAreRefused) {
  EXPECT_EQ(refusal({"--thread", "2"}), "unknown flag '--thread'");
  EXPECT_EQ(refusal({"-x"}), "unknown flag '-x'");
  EXPECT_EQ(refusal({"start"}), "unexpected argument 'start'");
  EXPECT_EQ(refusal({"--out", "h:1", "h:2"}), "unexpected argument 'h:2'");
}

TEST(Flags, BadValuesAreRefused) {
  for (const char* threads : {"two", "-1", "1.5", "", "2x", "99999999999"}) {
    EXPECT_NE(refusal({std::string("--threads=") + threads}).find("--threads: "), std::string::npos)
        << threads << ": " << refusal({std::string("--threads=") + threads});
  }
  EXPECT_NE(refusal({"--http", "here"}).find("--http: "), std::string::npos);
  EXPECT_EQ(refusal({"--log-level", "loud"}),
            "--log-level: 'loud' is not a log level; use debug, info, warning, error or off");
}

TEST(Flags, AMissingValueIsRefused) {
  for (const char* flag : {"--in", "--out", "--threads", "--http", "--config", "--log-level"}) {
    const std::string said = refusal({flag});
    EXPECT_NE(said.find(flag), std::string::npos) << said;
  }
}

TEST(Flags, AFlagWithOneValueIsRefusedTwice) {
  for (const char* flag : {"--threads=1", "--http=h:1", "--log-level=info", "--config=f"}) {
    EXPECT_NE(refusal({flag, flag}), "accepted") << flag;
  }
}

TEST(Flags, HelpNamesEveryFlagAndEnd) {
  const Flags flags = parse({"--help"});
  EXPECT_EQ(flags.action, Flags::Action::print);
  for (const char* part :
       {"word_count", "--in", "--out", "--threads", "--http", "--config", "--log-level",
        "--explain", "--help", "--version", "lines", "totals, alarms"}) {
    EXPECT_NE(flags.text.find(part), std::string::npos) << part << " is not in\n" << flags.text;
  }
  EXPECT_EQ(flags.text.find("--explain,"), std::string::npos);
}

TEST(Flags, TheVersionIsPrinted) {
  const Flags flags = parse({"--version"});
  EXPECT_EQ(flags.action, Flags::Action::print);
  EXPECT_EQ(flags.text, "word_count (wallaroo 1.2.3)\n");
}

TEST(Flags, WhatFollowsTwoDashesIsTheApplications) {
  Program with_arguments = program();
  with_arguments.arguments_help = "--language CODE";
  EXPECT_EQ(parse({"--threads", "2", "--", "--threads", "x"}, with_arguments).engine.threads, 2);
  EXPECT_NE(parse({"--help"}, with_arguments).text.find("--language CODE"), std::string::npos);
}

TEST(Flags, ArgumentsAfterTwoDashesAreRefusedWhenTheApplicationHasNone) {
  EXPECT_EQ(refusal({"--", "x"}),
            "unexpected argument 'x': the application has no arguments of its own after --");
  EXPECT_EQ(refusal({"--"}), "accepted");
}

TEST(ConfigFile, EveryKeyIsRead) {
  const Flags flags = parse_with_file(
      "# a comment\n"
      "in = \"lines@h:1\"\n"
      "out = [\"h:2\", \"alarms@h:3\"]\n"
      "threads = 4  # another\n"
      "http = \"127.0.0.1:9\"\n"
      "log-level = \"warning\"\n"
      "explain = true\n");
  EXPECT_EQ(flags.action, Flags::Action::explain);
  EXPECT_EQ(flags.engine.addresses,
            (Addresses{{"lines", "h:1"}, {"totals", "h:2"}, {"alarms", "h:3"}}));
  EXPECT_EQ(flags.engine.threads, 4);
  EXPECT_EQ(flags.engine.http, "127.0.0.1:9");
  EXPECT_EQ(flags.engine.log_level, LogLevel::warning);
}

TEST(ConfigFile, MayBeIni) {
  const Flags flags = parse_with_file("; a comment\nthreads=2\nout=h:1 h:2\nexplain=false\n");
  EXPECT_EQ(flags.action, Flags::Action::run);
  EXPECT_EQ(flags.engine.threads, 2);
  EXPECT_EQ(flags.engine.addresses, (Addresses{{"totals", "h:1"}, {"alarms", "h:2"}}));
}

TEST(ConfigFile, FlagsWinOverIt) {
  const Flags flags = parse_with_file(
      "threads = 4\nhttp = \"a:1\"\nlog-level = \"error\"\nin = \"h:1\"\nout = \"totals@h:2\"\n",
      {"--threads", "1", "--http", "b:2", "--log-level", "debug", "--in", "h:5"});
  EXPECT_EQ(flags.engine.threads, 1);
  EXPECT_EQ(flags.engine.http, "b:2");
  EXPECT_EQ(flags.engine.log_level, LogLevel::debug);
  EXPECT_EQ(flags.engine.addresses, (Addresses{{"lines", "h:5"}, {"totals", "h:2"}}));
}

TEST(ConfigFile, ItsErrorsNameTheFileAndTheKey) {
  EXPECT_EQ(refusal_of_file("thread = 2\n"),
            "my.toml: unknown key 'thread'; the keys are: allow-dropped-state, checkpoint-dir, "
            "checkpoint-failures, checkpoint-interval, checkpoint-retain, checkpoint-timeout, "
            "explain, http, http-host, http-show-records, in, log-level, out, restore, "
            "threads");
  EXPECT_EQ(refusal_of_file("[engine]\nthreads = 2\n"),
            "my.toml: unknown section [engine]; the keys stand outside of sections");
  EXPECT_EQ(refusal_of_file("threads = \"many\"\n"),
            "my.toml: --threads: 'many' is not a number of threads; use a whole number, or 0 for "
            "all cores");
  EXPECT_EQ(refusal_of_file("in = \"words@h:1\"\n"),
            "my.toml: --in 'words@h:1': there is no source 'words' that takes an address; the "
            "application has: lines");
  EXPECT_EQ(refusal_of_file("help = true\n").find("my.toml: unknown key 'help'"), 0U);
  EXPECT_EQ(refusal_of_file("config = \"other\"\n").find("my.toml: unknown key 'config'"), 0U);
  EXPECT_EQ(refusal_of_file("some words\n").find("my.toml: unknown key 'some words'"), 0U);
  EXPECT_EQ(refusal_of_file("explain = maybe\n").find("my.toml: "), 0U);
  EXPECT_EQ(refusal_of_file("threads = 1\nhttp=h:1\nthreads = 2\n").find("my.toml: "), 0U);
}

TEST(ConfigFile, OneThatCannotBeReadIsRefused) {
  EXPECT_EQ(refusal({"--config", "gone.toml"}), "cannot read gone.toml");
}

constexpr const char* without_directory =
    ": without --checkpoint-dir no checkpoints are taken or restored; give --checkpoint-dir DIR "
    "too, or leave out what needs it";

TEST(Flags, ThoseOfCheckpointsAreRefusedWithoutADirectory) {
  for (const std::string flag :
       {"--checkpoint-interval=1s", "--checkpoint-timeout=1s", "--checkpoint-retain=2",
        "--checkpoint-failures=10", "--restore=3", "--allow-dropped-state"}) {
    EXPECT_EQ(refusal({flag}), flag.substr(0, flag.find('=')) + without_directory);
    EXPECT_EQ(refusal({flag, "--explain"}), flag.substr(0, flag.find('=')) + without_directory);
    EXPECT_EQ(refusal({flag, "--checkpoint-dir", "d"}), "accepted");
  }
  EXPECT_EQ(refusal({"--restore", "3", "--checkpoint-retain", "1"}),
            std::string("--checkpoint-retain, --restore") + without_directory);
}

TEST(ConfigFile, KeysOfCheckpointsAreRefusedWithoutADirectoryInEitherPlace) {
  EXPECT_EQ(
      refusal_of_file("checkpoint-interval = \"2s\"\nallow-dropped-state = true\n"),
      std::string("my.toml: --checkpoint-interval, --allow-dropped-state") + without_directory);
  EXPECT_EQ(refusal_of_file("allow-dropped-state = false\n"), "accepted");
  const auto interval = std::chrono::seconds(2);
  EXPECT_EQ(parse_with_file("checkpoint-interval = \"2s\"\n", {"--checkpoint-dir", "d"})
                .engine.checkpoints.interval,
            interval);
  EXPECT_EQ(parse_with_file("checkpoint-dir = \"d\"\n", {"--checkpoint-interval", "2s"})
                .engine.checkpoints.interval,
            interval);
}

TEST(Flags, ValuesOfCheckpointsThatMakeNoSenseAreRefused) {
  const auto refused = [](const std::string& flag, const std::string& value) {
    return refusal({"--checkpoint-dir", "d", flag, value});
  };
  EXPECT_EQ(refused("--checkpoint-retain", "0"),
            "--checkpoint-retain: at least one checkpoint must be retained; use 1 or more");
  EXPECT_EQ(refused("--checkpoint-failures", "-1"),
            "--checkpoint-failures: '-1' is not a whole number from 0 on");
  EXPECT_EQ(refused("--checkpoint-retain", "99999999999999999999"),
            "--checkpoint-retain: '99999999999999999999' is not a whole number from 0 on, or too "
            "large");
  for (const std::string duration : {"0s", "5", "s", "-1s", "1d", "1e99h", ""}) {
    EXPECT_NE(refused("--checkpoint-interval", duration), "accepted") << duration;
  }
  EXPECT_EQ(refused("--restore", "latest"),
            "--restore: 'latest' is not the number of a checkpoint; `wallaroo checkpoints DIR` "
            "tells which there are, and without this flag it is the newest");
  EXPECT_EQ(refusal({"--checkpoint-dir", "--restore"}),
            "--checkpoint-dir: the path is missing in front of '--restore'; if that is its name, "
            "write ./--restore");
}

/// Up to eight pieces of such texts, in any order.
std::vector<std::string> random_pieces(std::mt19937& random) {
  static const std::vector<std::string> pieces{
      "--in",      "--out=", "--threads", "--http",   "--config", "--log-level",
      "--explain", "--",     "-",         "=",        "@",        "a@b",
      "1",         "[",      "]",         "[[",       "\"",       "'",
      "\n",        "\n\n",   ",",         "#",        ";",        ".",
      " ",         "in",     "out",       "threads=", "explain",  std::string(1, '\0'),
      "\xff",      "{",      "}",         "default",  ""};
  std::vector<std::string> chosen(random() % 9);
  for (std::string& piece : chosen) {
    piece = pieces[random() % pieces.size()];
  }
  return chosen;
}

TEST(Flags, AnyArgumentsAreReadOrRefused) {
  std::mt19937 random(7);
  for (int run = 0; run < 2'000; ++run) {
    std::vector<std::string> arguments = random_pieces(random);
    if (run % 2 == 0) {
      std::string all;
      for (const std::string& piece : arguments) {
        all += piece;
      }
      arguments = {all};
    }
    (void)refusal(arguments);
  }
}

TEST(ConfigFile, AnyContentIsReadOrRefused) {
  std::mt19937 random(8);
  for (int run = 0; run < 5'000; ++run) {
    std::string content;
    for (const std::string& piece : random_pieces(random)) {
      content += piece;
    }
    (void)refusal_of_file(content);
  }
}

}  // namespace
}  // namespace wallaroo::internal
