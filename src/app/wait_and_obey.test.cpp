#include "app/wait_and_obey.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

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

}  // namespace
}  // namespace wallaroo::internal
