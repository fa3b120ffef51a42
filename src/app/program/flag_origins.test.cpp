#include "app/program/flag_origins.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/program/flags.hpp"

namespace wallaroo::internal {
namespace {

const Program program{"words", "1", {"lines"}, {"totals"}, ""};

FlagValue value_of(const std::string& name, const std::vector<std::string>& arguments,
                   const std::string& file = "") {
  const auto read = [&](const std::string&) { return file; };
  const Flags flags = parse_flags(program, arguments, read);
  const auto& values = flags.engine.ui.flags;
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const FlagValue& one) { return one.name == name; });
  return found == values.end() ? FlagValue{"", "", "", "", ""} : *found;
}

TEST(FlagOrigins, AFlagThatIsNotGivenHasItsDefault) {
  EXPECT_EQ(value_of("checkpoint-interval", {}).value, "1 s");
  EXPECT_EQ(value_of("checkpoint-interval", {}).origin, "default");
  EXPECT_EQ(value_of("http", {}).value, "");
  EXPECT_FALSE(value_of("threads", {}).help.empty());
}

TEST(FlagOrigins, TheCommandLineWinsOverTheFile) {
  const FlagValue line = value_of("threads", {"--threads", "3", "--config", "f"}, "threads = 2\n");
  EXPECT_EQ(line.value, "3");
  EXPECT_EQ(line.origin, "command line");
  EXPECT_EQ(line.file, "");
  const FlagValue file = value_of("threads", {"--config", "f"}, "threads = 2\n");
  EXPECT_EQ(file.value, "2");
  EXPECT_EQ(file.origin, "file");
  EXPECT_EQ(file.file, "f");
}

TEST(FlagOrigins, FlagsThatMayBeRepeatedShowAllTheirValues) {
  EXPECT_EQ(value_of("http-host", {"--http-host", "a", "--http-host", "b"}).value, "a b");
  EXPECT_EQ(value_of("http-show-records", {"--http-show-records"}).value, "true");
}

TEST(FlagOrigins, AreReadIntoTheOptions) {
  const auto read = [](const std::string&) { return std::string("http-host = \"c\"\n"); };
  const Flags flags =
      parse_flags(program, {"--config", "f", "--http-host", "a", "--http-show-records"}, read);
  EXPECT_EQ(flags.engine.ui.host_names, (std::vector<std::string>{"c", "a"}));
  EXPECT_TRUE(flags.engine.ui.show_records);
  EXPECT_FALSE(parse_flags(program, {}, read).engine.ui.show_records);
}

}  // namespace
}  // namespace wallaroo::internal
