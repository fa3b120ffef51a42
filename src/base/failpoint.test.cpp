#include "base/failpoint.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoints/failpoint_rules.hpp"

namespace wallaroo::internal {
namespace {

std::string refusal(std::string_view rules) {
  try {
    parse_failpoint_rules(rules);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string hits_of(std::string_view rule) {
  std::string hits;
  for (std::uint64_t hit = 1; hit <= 9; ++hit) {
    hits += parse_failpoint_rules(rule).at(0).applies(hit) ? static_cast<char>('0' + hit) : '.';
  }
  return hits;
}

TEST(FailpointRules, SayAtWhichHits) {
  EXPECT_EQ(hits_of("source.ack.before=kill"), "123456789");
  EXPECT_EQ(hits_of("source.ack.before=kill@3"), "..3......");
  EXPECT_EQ(hits_of("source.ack.before=kill@3-"), "..3456789");
  EXPECT_EQ(hits_of("source.ack.before=kill@3-5"), "..345....");
  EXPECT_EQ(hits_of("source.ack.before=kill%4"), "...4...8.");
}

TEST(FailpointRules, SayWhatHappens) {
  const auto rules = parse_failpoint_rules(
      ";store.data.write.before=kill@3;store.data.fsync.after=error:ENOSPC%2;"
      "source.ack.after=delay:50ms@1-4;source.ack.before=delay:7us;");
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(rules[0].name, "store.data.write.before");
  EXPECT_EQ(rules[0].action, FailpointRule::Action::kill);
  EXPECT_EQ(rules[1].action, FailpointRule::Action::error);
  EXPECT_EQ(rules[1].error, ENOSPC);
  EXPECT_EQ(rules[2].action, FailpointRule::Action::delay);
  EXPECT_EQ(rules[2].delay, std::chrono::milliseconds(50));
  EXPECT_EQ(rules[3].delay, std::chrono::microseconds(7));
}

TEST(FailpointRules, AreRefusedWithTheRuleAndTheReason) {
  EXPECT_NE(refusal("made.up=kill").find("no failpoint 'made.up'"), std::string::npos);
  EXPECT_NE(refusal("source.ack.before").find("no '='"), std::string::npos);
  for (const std::string rest : {"",
                                 "die",
                                 "kill@",
                                 "kill@0",
                                 "kill@x",
                                 "kill@3x",
                                 "kill@5-3",
                                 "kill@3-4-5",
                                 "kill%0",
                                 "kill%",
                                 "kill%2x",
                                 "kill@3%4",
                                 "error:",
                                 "error:EWHAT",
                                 "error:5",
                                 "delay:",
                                 "delay:5",
                                 "delay:ms",
                                 "delay:5h",
                                 "delay:99999999999999999999s",
                                 "delay:4000s",
                                 "kill@-1"}) {
    const std::string rule = "source.ack.before=" + rest;
    EXPECT_NE(refusal("source.ack.after=kill;" + rule).find("'" + rule + "'"), std::string::npos)
        << rule;
  }
}

TEST(Failpoints, NamesAreDistinctAndComeInPairs) {
  std::set<std::string_view> names;
  for (const std::string_view name : failpoint_names()) {
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  for (const std::string_view name : names) {
    const std::string step(name.substr(0, name.rfind('.')));
    EXPECT_TRUE(names.contains(step + ".before") && names.contains(step + ".after")) << name;
  }
}

class FailpointsCompiledIn : public testing::Test {
 protected:
  void SetUp() override {
    if (!failpoints_enabled) {
      GTEST_SKIP() << "configure with -DWALLAROO_FAILPOINTS=ON";
    }
  }
};

TEST_F(FailpointsCompiledIn, PretendAnErrorAtTheHitsThatAreAskedFor) {
  const ScopedFailpoints failpoints(
      {.rules = "source.ack.before=error:EIO@2-3;source.ack.after=error:ENOSPC"});
  EXPECT_EQ(failpoint("source.ack.before"), 0);
  EXPECT_EQ(failpoint("source.ack.before"), EIO);
  EXPECT_EQ(failpoint("source.ack.after"), ENOSPC);
  EXPECT_EQ(failpoint("source.ack.before"), EIO);
  EXPECT_EQ(failpoint("source.ack.before"), 0);
  EXPECT_EQ(FailpointGroup("source").after("ack"), ENOSPC);
  EXPECT_EQ(FailpointGroup("source").before("ack"), 0);
}

TEST_F(FailpointsCompiledIn, RefuseNamesThatAreNotListed) {
  EXPECT_THROW(failpoint("made.up"), std::logic_error);
  EXPECT_THROW(mutation("made_up"), std::logic_error);
  EXPECT_THROW(ScopedFailpoints({.mutation = "made_up"}), ConfigError);
  EXPECT_THROW(ScopedFailpoints({.log = "/nonexistent/log"}), ConfigError);
}

TEST_F(FailpointsCompiledIn, SelectOneMutation) {
  EXPECT_FALSE(mutation("skip_alignment"));
  const ScopedFailpoints failpoints({.mutation = "skip_alignment"});
  EXPECT_TRUE(mutation("skip_alignment"));
  EXPECT_FALSE(mutation("replay_too_late"));
}

TEST_F(FailpointsCompiledIn, KillTheProcessAndLeaveTheirNamesBehind) {
  const std::string path = testing::TempDir() + "failpoints_" + std::to_string(::getpid());
  const pid_t child = ::fork();
  if (child == 0) {
    const ScopedFailpoints failpoints({.rules = "source.ack.after=kill@2", .log = path});
    for (int i = 0; i < 5; ++i) {
      failpoint("source.ack.before");
      failpoint("source.ack.after");
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  std::ifstream log(path);
  const std::string lines{std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
  EXPECT_EQ(lines,
            "source.ack.before 1\nsource.ack.after 1\nsource.ack.before 2\nsource.ack.after 2\n");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace wallaroo::internal
