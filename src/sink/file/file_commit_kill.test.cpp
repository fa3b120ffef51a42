// Kills processes at every step of a file sink, and goes on with others.
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "sink/file/file_commit.rig.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::uint64_t all_records = 60;
constexpr std::uint64_t records_per_checkpoint = 17;
constexpr int max_kills = 3;  // of one application; after that it may end

/// Record 20 is so large that it is copied in several steps.
std::string record_of(std::uint64_t index) {
  return fmt::format("{}{}\n", index, std::string(index == 20 ? 1'200'000 : index % 7, '.'));
}
std::string first_records(std::uint64_t count) {
  std::string all;
  for (std::uint64_t i = 0; i < count; ++i) {
    all += record_of(i);
  }
  return all;
}

/// Survives a process: its last complete checkpoint, and how much it reported as committed.
struct Survivor {
  std::uint64_t number = 0;
  std::uint64_t records = 0;
  std::uint64_t committed = 0;  // records
  bool done = false;
  std::string vote;
};

void put(int pipe, const void* bytes, std::size_t size) {
  ASSERT_EQ(::write(pipe, bytes, size), static_cast<ssize_t>(size));
}
/// Stands for writing a manifest: from here on the checkpoint is complete.
void publish(int pipe, const Survivor& survivor) {
  std::array<std::uint64_t, 5> head{survivor.number, survivor.records, survivor.committed,
                                    survivor.done ? 1U : 0U, survivor.vote.size()};
  put(pipe, head.data(), sizeof head);
  put(pipe, survivor.vote.data(), survivor.vote.size());
}

void take_checkpoint(CommittingRun<>& run, int pipe, Survivor& at, std::uint64_t records) {
  at.vote = run.prepare(at.number);
  at.records = records;
  publish(pipe, at);
  run.commit(at.number);
  at.committed = records;
  publish(pipe, at);
}

/// Runs the application from `at` on, and publishes what it reaches.
void run_application(const FileSinkOptions& options, Survivor at, int pipe) {
  CommittingRun run(options, {at.number, at.vote});
  std::uint64_t barrier_at = 0;
  for (std::uint64_t i = at.records; i < all_records; ++i) {
    run.write({record_of(i)});
    if (i % records_per_checkpoint == 0) {
      run.writer->barrier(++at.number);
      barrier_at = i + 1;
    } else if (i % records_per_checkpoint == 3 && barrier_at != 0) {
      take_checkpoint(run, pipe, at, barrier_at);
    }
  }
  run.writer->finish();
  run.writer->barrier(++at.number);
  take_checkpoint(run, pipe, at, all_records);
  at.done = true;
  publish(pipe, at);
}

std::string read_all(int pipe) {
  std::string all;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::read(pipe, buffer.data(), buffer.size())) > 0;) {
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return all;
}

Survivor last_of(std::string_view published, Survivor at) {
  std::array<std::uint64_t, 5> head{};
  while (published.size() >= sizeof head) {
    std::memcpy(head.data(), published.data(), sizeof head);
    at = {head[0], head[1], head[2], head[3] != 0,
          std::string(published.substr(sizeof head, head[4]))};
    published.remove_prefix(sizeof head + head[4]);
  }
  return at;
}

/// Runs the application in a process. Returns whether it was killed.
bool run_process(const FileSinkOptions& options, const std::string& rules, Survivor& at) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    const ScopedFailpoints killing({.rules = rules});
    run_application(options, at, pipe[1]);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  ::close(pipe[1]);
  at = last_of(read_all(pipe[0]), at);
  ::close(pipe[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status);
}

/// While no process runs, readers see what was committed, and at most a part of what is in doubt.
void check_readers(const FileSinkOptions& options, const Survivor& at) {
  const std::string seen = visible(options);
  const std::string expected = first_records(at.records);
  EXPECT_LE(seen.size(), expected.size());
  EXPECT_EQ(seen.compare(0, seen.size(), expected, 0, seen.size()), 0);
  EXPECT_GE(seen.size(), first_records(at.committed).size());
}

/// Returns how often the rules killed a process. `in_doubt`: the first of these processes finds a
/// vote to finish.
int run_through_kills(const FileSinkOptions& options, const std::string& rules, bool in_doubt) {
  Survivor at;
  int kills = 0;
  if (in_doubt) {
    EXPECT_TRUE(run_process(options, "sink.file.commit.before=kill@2", at));
  }
  while (!at.done) {
    if (run_process(options, kills < max_kills ? rules : "", at)) {
      ++kills;
    }
    if (at.number != 0) {
      check_readers(options, at);
    }
    if (testing::Test::HasFailure()) {
      return kills;
    }
  }
  EXPECT_TRUE(visible(options) == first_records(all_records));
  EXPECT_EQ(part_files(options.path), 0U);
  return kills;
}

struct KillCase {
  std::uint64_t roll_bytes;
  bool in_doubt;
};

class AFileSinkThatIsKilled : public testing::TestWithParam<KillCase> {
 protected:
  /// Returns false if no process reaches this hit of the point.
  bool killed_at(std::string_view point, int hit) {
    const Directory directory;
    const FileSinkOptions options{.path = directory / "out", .roll_bytes = GetParam().roll_bytes};
    std::ofstream(file_of(options.path, rolls(options) ? 1 : 0)) << "of an earlier application\n";
    const std::string rules = fmt::format("{}=kill@{}", point, hit);
    SCOPED_TRACE(rules);
    const bool killed = run_through_kills(options, rules, GetParam().in_doubt) > 0;
    // Not every case has these steps: only a first start cuts a file off (rolled files are removed
    // instead), and only a start with a vote recovers.
    const std::string_view optional = GetParam().in_doubt ? "sink.file.truncate."
                                      : rolls(options)    ? "sink.file.truncate."
                                                          : "sink.file.recover.";
    EXPECT_TRUE(killed || hit > 1 || point.starts_with(optional));
    return killed;
  }
};

TEST_P(AFileSinkThatIsKilled, AtAnyStepLosesNothingAndRepeatsNothing) {
  if (!failpoints_enabled) {
    GTEST_SKIP() << "needs a build with WALLAROO_FAILPOINTS";
  }
  for (const std::string_view point : failpoint_names()) {
    for (int hit = 1; point.starts_with("sink.file.") && !HasFailure() && killed_at(point, hit);) {
      hit = hit < 2 ? 2 : 3 * hit;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(AtFirstAndInRecovery, AFileSinkThatIsKilled,
                         testing::Values(KillCase{0, false}, KillCase{40, true}));

}  // namespace
}  // namespace wallaroo::internal
