#include <wallaroo/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run_with(const Application& app, std::vector<const char*> arguments,
             const RunOptions& options = {}) {
  arguments.insert(arguments.begin(), "program");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run(app, static_cast<int>(arguments.size()), arguments.data(), options);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

testing::AssertionResult has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos
             ? testing::AssertionSuccess()
             : testing::AssertionFailure() << "no '" << part << "' in '" << text << "'";
}

/// Passes three numbers to `on_number`.
template <class F>
Application counting(F on_number) {
  Application app("counting");
  app.source("numbers", generator_source({.count = 3}, [](std::uint64_t i) { return i; }))
      .to_sink("seen", callback_sink(on_number));
  return app;
}

Application counting() {
  return counting([](std::uint64_t) {});
}

Application listening() {
  Application app("listening");
  app.source("lines", tcp_source({.listen = "127.0.0.1:0"}, text))
      .to_sink("out", tcp_sink({.connect = "127.0.0.1:1"}, line));
  return app;
}

TEST(Run, EndsWithItsSources) {
  std::vector<std::uint64_t> seen;
  const Ran ran = run_with(counting([&](std::uint64_t i) { seen.push_back(i); }), {});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_TRUE(has(ran.err, "application 'counting' ended"));
}

TEST(Run, SaysNothingWhenTheLogIsOff) {
  const Ran ran = run_with(counting(), {"--log-level", "off"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, "");
}

TEST(Run, WrongFlagsAreExitCodeTwo) {
  const Ran ran = run_with(counting(), {"--fast"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "counting: unknown flag '--fast'\nRun with --help for the flags.\n");
  EXPECT_EQ(ran.out, "");
}

TEST(Run, TooManyThreadsAreExitCodeTwo) {
  const Ran ran = run_with(counting(), {"--threads", "100000"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "100000"));
}

TEST(Run, AnAddressThatIsNoneIsExitCodeTwo) {
  const Ran ran = run_with(listening(), {"--in", "nowhere"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "source 'lines'"));
}

TEST(Run, AnAddressForAGeneratorIsExitCodeTwo) {
  const Ran ran = run_with(counting(), {"--in", "127.0.0.1:1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "source 'numbers'"));
}

TEST(Run, AWrongApplicationIsExitCodeTwo) {
  Application app("unfinished");
  app.source("numbers", generator_source({.count = 3}, [](std::uint64_t i) { return i; }));
  const Ran ran = run_with(app, {});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "'numbers'"));
}

TEST(Run, AnAddressInUseIsExitCodeOne) {
  Engine other(listening());
  other.start();
  const std::string address = other.address("lines");
  const Ran ran = run_with(listening(), {"--in", address.c_str()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.err, address));
}

TEST(Run, AFailureIsExitCodeOneAndNamesTheStage) {
  const Ran ran = run_with(counting([](std::uint64_t i) {
                             if (i == 1) {
                               throw std::runtime_error("I dislike 1");
                             }
                           }),
                           {"--log-level", "off"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.err, "counting: stage 'seen' failed on record 1: I dislike 1"));
}

TEST(Run, AnExceptionThatIsNoneOfTheStandardIsExitCodeOne) {
  struct Copied {
    std::shared_ptr<int> copies = std::make_shared<int>(0);
    Copied() = default;
    Copied(const Copied& other) : copies(other.copies) {
      if (*copies > 0) {
        throw 42;
      }
    }
    std::uint64_t operator()(std::uint64_t i) const { return i; }
  };
  const Copied function;
  Application app("copying");
  app.source("numbers", generator_source({.count = 3}, [](std::uint64_t i) { return i; }))
      .to("copied", function)
      .to_sink("seen", callback_sink([](std::uint64_t) {}));
  *function.copies = 1;
  const Ran ran = run_with(app, {});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.err, "cannot be made: an exception that is not a std::exception"));
}

/// Has two connector sinks of this worker, which connect to an address where nobody listens.
Ran run_two_sinks(const std::string& worker) {
  Application app("two");
  for (const std::string name : {"a", "b"}) {
    app.source("in " + name,
               generator_source({.count = 1}, [](std::uint64_t i) { return std::to_string(i); }))
        .to_sink(name, connector_sink({.connect = "127.0.0.1:1",
                                       .worker = worker,
                                       .drain_timeout = std::chrono::milliseconds(1)},
                                      line));
  }
  return run_with(app, {});
}

TEST(Run, TwoSinksThatAReceiverMayTakeForOneAreWarnedOf) {
  const Ran shared = run_two_sinks("w");
  EXPECT_TRUE(has(shared.err, "sinks 'a' and 'b' both send to 127.0.0.1:1 as worker 'w'"))
      << shared.err;
  const Ran differing = run_two_sinks("");
  EXPECT_FALSE(has(differing.err, "both send to")) << differing.err;
}

TEST(Run, HelpAndVersionAndThePlanAreOutputNotErrors) {
  for (const char* flag : {"--help", "--version", "--explain"}) {
    const Ran ran = run_with(counting(), {flag});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(has(ran.out, "counting")) << flag;
    EXPECT_EQ(ran.err, "") << flag;
  }
  EXPECT_EQ(run_with(counting(), {"--version"}).out,
            "counting (wallaroo " + std::string(version()) + ")\n");
}

TEST(Run, TheConfigurationFileIsRead) {
  const std::string path = testing::TempDir() + "wallaroo_run_test.toml";
  std::ofstream(path) << "explain = true\nthreads = 3\n";
  const Ran ran = run_with(counting(), {"--config", path.c_str()});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(has(ran.out, "3 executors"));
  EXPECT_TRUE(
      has(run_with(counting(), {"--config", path.c_str(), "--threads", "2"}).out, "2 executors"));
}

TEST(Run, AConfigurationFileThatCannotBeReadIsExitCodeTwo) {
  const Ran missing = run_with(counting(), {"--config", "/no/such/file"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_TRUE(has(missing.err, "/no/such/file: No such file or directory"));
  const Ran folder = run_with(counting(), {"--config", "/tmp"});
  EXPECT_EQ(folder.code, 2);
  EXPECT_TRUE(has(folder.err, "/tmp: Is a directory"));
}

TEST(Run, ItsOwnArgumentsAreTheApplications) {
  const Ran ran = run_with(counting(), {"--", "--speed", "5"}, {.arguments_help = "--speed N"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const char* const argv[] = {"program", "--threads", "2", "--", "--speed", "--", "5"};
  EXPECT_EQ(application_arguments(7, argv), (std::vector<std::string>{"--speed", "--", "5"}));
  EXPECT_EQ(application_arguments(3, argv), std::vector<std::string>{});
}

TEST(Run, ASignalDrains) {
  // The first record sends the signal from an executor: it must reach the main thread.
  Application app("endless");
  std::uint64_t seen = 0;
  app.source("numbers", generator_source({}, [](std::uint64_t i) { return i; }))
      .to_sink("seen", callback_sink([&](std::uint64_t) {
                 if (seen++ == 0) {
                   ::kill(::getpid(), SIGTERM);
                 }
               }));
  const Ran ran = run_with(app, {});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "SIGTERM: draining"));
}

volatile std::sig_atomic_t own_handler_calls = 0;

TEST(Run, LeavesTheHandlingOfSignalsAsItWas) {
  struct sigaction own {};
  own.sa_handler = [](int) { own_handler_calls = own_handler_calls + 1; };
  struct sigaction before[4];
  const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
  for (int i = 0; i < 4; ++i) {
    ::sigaction(numbers[i], &own, &before[i]);
  }
  EXPECT_EQ(run_with(counting(), {}).code, 0);
  for (int i = 0; i < 4; ++i) {
    const int calls = own_handler_calls;
    ::raise(numbers[i]);
    EXPECT_EQ(own_handler_calls, calls + 1) << numbers[i];
    ::sigaction(numbers[i], &before[i], nullptr);
  }
}

}  // namespace
}  // namespace wallaroo
