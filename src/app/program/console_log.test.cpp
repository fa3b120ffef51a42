#include "app/program/console_log.hpp"

#include <gtest/gtest.h>

#include <regex>

#include <spdlog/spdlog.h>

namespace wallaroo::internal {
namespace {

std::string written(LogLevel level, std::string_view text) {
  testing::internal::CaptureStderr();
  console_log()(level, text);
  return testing::internal::GetCapturedStderr();
}

TEST(ConsoleLog, ALineHasTimeLevelAndText) {
  const std::string line = written(LogLevel::warning, "source 'a' {} is gone");
  EXPECT_TRUE(
      std::regex_match(line, std::regex("[-0-9]+ [0-9:.]+ warning source 'a' \\{\\} is gone\n")))
      << line;
}

TEST(ConsoleLog, EveryLevelIsWritten) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    EXPECT_NE(written(level, "text"), "");
  }
}

TEST(ConsoleLog, LeavesTheProgramsOwnLoggersAlone) {
  const auto before = spdlog::default_logger();
  int known = 0;
  spdlog::apply_all([&](const auto&) { ++known; });
  (void)written(LogLevel::info, "text");
  EXPECT_EQ(spdlog::default_logger(), before);
  spdlog::apply_all([&](const auto&) { --known; });
  EXPECT_EQ(known, 0);
}

}  // namespace
}  // namespace wallaroo::internal
