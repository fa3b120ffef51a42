#include "app/program/wait_and_obey.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo::internal {
namespace {

Application endless() {
  Application app("endless");
  app.source("numbers", generator_source({}, [](std::uint64_t i) { return i; }))
      .to_sink("seen", callback_sink([](std::uint64_t) {}));
  return app;
}

TEST(WaitAndObey, WhatTheLogThrowsIsThrownAndTheEngineHasEnded) {
  const Log log(LogLevel::info, [](LogLevel, std::string_view text) {
    throw std::runtime_error("cannot log: " + std::string(text));
  });
  StopSignals signals;
  Engine engine(endless(), {.threads = 1});
  engine.start();
  ::kill(::getpid(), SIGTERM);
  try {
    (void)wait_and_obey(engine, signals, log);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot log: SIGTERM: draining; a second signal stops at once");
  }
  EXPECT_TRUE(engine.wait_for(std::chrono::nanoseconds(0)).has_value());
}

TEST(WaitAndObey, OneSignalDrains) {
  StopSignals signals;
  Engine engine(endless(), {.threads = 1});
  engine.start();
  ::kill(::getpid(), SIGINT);
  const Outcome outcome = wait_and_obey(engine, signals, Log());
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

TEST(WaitAndObey, TheLogSaysWhatEachSignalMeansForCheckpoints) {
  std::vector<std::string> lines;
  StopSignals signals;
  Engine engine(endless(), {.threads = 1});
  // The second signal comes when the first has been obeyed.
  const Log log(LogLevel::info, [&](LogLevel, std::string_view text) {
    lines.emplace_back(text);
    if (lines.size() == 1) {
      ::kill(::getpid(), SIGTERM);
    }
  });
  engine.start();
  ::kill(::getpid(), SIGTERM);
  (void)wait_and_obey(engine, signals, log, OrderlyEnd::last_checkpoint);
  ASSERT_GE(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "SIGTERM: stopping with a last checkpoint; a second signal stops at once, without it");
  if (lines.size() > 1) {  // the end may come first
    EXPECT_EQ(lines[1], "SIGTERM: stopping at once, without a last checkpoint");
  }
}

}  // namespace
}  // namespace wallaroo::internal
