#include "io/event_loop.hpp"

#include <array>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <wallaroo/types/error.hpp>

#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

class Recorder final : public ReadyHandler {
 public:
  void on_ready(std::uint32_t events) override {
    ++calls;
    last_events = events;
    if (action) {
      action();
    }
  }
  int calls = 0;
  std::uint32_t last_events = 0;
  std::function<void()> action;
};

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours = FileDescriptor(fds[0]);
    theirs = FileDescriptor(fds[1]);
  }
  FileDescriptor ours;
  FileDescriptor theirs;
};

class EventLoopTest : public testing::Test {
 protected:
  void poll_now() { loop.poll(0ns); }

  ManualClock clock;
  EventLoop loop{clock};
};

TEST_F(EventLoopTest, ItsDescriptorIsReadableWhileThereIsSomethingToDo) {
  const auto readable = [&] {
    pollfd watched{loop.descriptor(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
  };
  EXPECT_FALSE(readable());
  loop.post([] {});
  EXPECT_TRUE(readable());
  poll_now();
  EXPECT_FALSE(readable());
  Pair pair;
  Recorder recorder;
  loop.watch(pair.ours.get(), recorder);
  poll_now();
  EXPECT_FALSE(readable());
  ASSERT_EQ(send_some(pair.theirs.get(), "x").bytes, 1U);
  EXPECT_TRUE(readable());
}

TEST_F(EventLoopTest, ANewlyWatchedSocketReportsWhatIsAlreadyThere) {
  Pair pair;
  ASSERT_EQ(send_some(pair.theirs.get(), "x").bytes, 1U);
  Recorder recorder;
  loop.watch(pair.ours.get(), recorder);
  poll_now();
  EXPECT_EQ(recorder.calls, 1);
  EXPECT_TRUE(recorder.last_events & EPOLLIN);
  EXPECT_TRUE(recorder.last_events & EPOLLOUT);
}

TEST_F(EventLoopTest, OnlyNewBytesAreReportedAgain) {
  Pair pair;
  Recorder recorder;
  loop.watch(pair.ours.get(), recorder);
  ASSERT_EQ(send_some(pair.theirs.get(), "x").bytes, 1U);
  poll_now();
  poll_now();
  EXPECT_EQ(recorder.calls, 1);
  ASSERT_EQ(send_some(pair.theirs.get(), "y").bytes, 1U);
  poll_now();
  EXPECT_EQ(recorder.calls, 2);
}

TEST_F(EventLoopTest, APeerThatGoesIsReported) {
  Pair pair;
  Recorder recorder;
  loop.watch(pair.ours.get(), recorder);
  poll_now();
  pair.theirs.reset();
  poll_now();
  EXPECT_TRUE(recorder.last_events & (EPOLLRDHUP | EPOLLHUP));
}

TEST_F(EventLoopTest, ADescriptorUnwatchedDuringTheDispatchGetsNoCall) {
  std::array<Pair, 2> pairs;
  std::array<Recorder, 2> recorders;
  for (std::size_t i = 0; i < 2; ++i) {
    loop.watch(pairs[i].ours.get(), recorders[i]);
    recorders[i].action = [&, i] { loop.unwatch(pairs[1 - i].ours.get()); };
  }
  poll_now();
  EXPECT_EQ(recorders[0].calls + recorders[1].calls, 1);
}

TEST_F(EventLoopTest, AReusedDescriptorNumberGetsNoEventOfItsPredecessor) {
  std::array<Pair, 2> pairs;
  std::array<Recorder, 2> recorders;
  Recorder newcomer;
  Pair fresh;
  for (std::size_t i = 0; i < 2; ++i) {
    loop.watch(pairs[i].ours.get(), recorders[i]);
    recorders[i].action = [&, i] {
      const int number = pairs[1 - i].ours.get();
      loop.unwatch(number);
      ASSERT_EQ(::dup2(fresh.ours.get(), number), number);
      loop.watch(number, newcomer);
    };
  }
  poll_now();
  EXPECT_EQ(recorders[0].calls + recorders[1].calls, 1);
  EXPECT_EQ(newcomer.calls, 0);
  poll_now();
  EXPECT_EQ(newcomer.calls, 1);
}

TEST_F(EventLoopTest, AHandlerMayUnwatchAndCloseItself) {
  Pair pair;
  Recorder recorder;
  recorder.action = [&] {
    loop.unwatch(pair.ours.get());
    pair.ours.reset();
  };
  loop.watch(pair.ours.get(), recorder);
  poll_now();
  poll_now();
  EXPECT_EQ(recorder.calls, 1);
}

TEST_F(EventLoopTest, MoreReadySocketsThanFitOneWaitAreAllServed) {
  std::vector<Pair> pairs(300);
  std::vector<Recorder> recorders(300);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    loop.watch(pairs[i].ours.get(), recorders[i]);
  }
  for (int round = 0; round < 10; ++round) {
    poll_now();
  }
  for (const Recorder& recorder : recorders) {
    EXPECT_EQ(recorder.calls, 1);
  }
}

TEST_F(EventLoopTest, WatchingWhatCannotBeWatchedIsAnError) {
  Recorder recorder;
  EXPECT_THROW(loop.watch(-1, recorder), IoError);
  EXPECT_THROW(loop.watch(1'000'000, recorder), IoError);
  loop.unwatch(-1);
  loop.unwatch(2'000'000);
}

TEST_F(EventLoopTest, TimersFollowTheManualClockInOrderOfTheirTime) {
  std::string fired;
  loop.after(20ns, [&] { fired += 'c'; });
  loop.after(10ns, [&] { fired += 'a'; });
  loop.after(10ns, [&] { fired += 'b'; });
  EXPECT_EQ(loop.next_timer_ns(), 10);
  poll_now();
  EXPECT_EQ(fired, "");
  clock.advance(9ns);
  poll_now();
  EXPECT_EQ(fired, "");
  clock.advance(1ns);
  poll_now();
  EXPECT_EQ(fired, "ab");
  clock.advance(1h);
  poll_now();
  EXPECT_EQ(fired, "abc");
  EXPECT_EQ(loop.next_timer_ns(), std::nullopt);
}

TEST_F(EventLoopTest, ACancelledTimerNeitherFiresNorHoldsTheNextOne) {
  int fired = 0;
  const auto first = loop.after(5ns, [&] { ++fired; });
  const auto second = loop.after(7ns, [&] { ++fired; });
  loop.cancel(first);
  loop.cancel(first);
  loop.cancel(999);
  EXPECT_EQ(loop.next_timer_ns(), 7);
  clock.advance(10ns);
  poll_now();
  EXPECT_EQ(fired, 1);
  loop.cancel(second);
}

TEST_F(EventLoopTest, ATimerMayCancelAnotherThatIsDueToo) {
  int fired = 0;
  EventLoop::TimerId second = 0;
  loop.after(1ns, [&] { loop.cancel(second); });
  second = loop.after(2ns, [&] { ++fired; });
  clock.advance(5ns);
  poll_now();
  EXPECT_EQ(fired, 0);
}

TEST_F(EventLoopTest, ATimerThatSetsAnotherForNowDoesNotHoldThePollForEver) {
  int fired = 0;
  std::function<void()> again = [&] {
    ++fired;
    loop.after(0ns, again);
  };
  loop.after(0ns, again);
  poll_now();
  EXPECT_EQ(fired, 1);
  poll_now();
  EXPECT_EQ(fired, 2);
}

TEST_F(EventLoopTest, ADelayBeyondAllTimeIsNever) {
  clock.advance(1h);
  loop.after(std::chrono::nanoseconds::max(), [] { FAIL(); });
  poll_now();
  EXPECT_EQ(loop.next_timer_ns(), std::numeric_limits<std::int64_t>::max());
}

TEST(EventLoopOnRealTime, AWaitWithoutLimitEndsWhenATimerIsDue) {
  SteadyClock clock;
  EventLoop loop(clock);
  bool fired = false;
  loop.after(2ms, [&] { fired = true; });
  while (!fired) {
    loop.poll(std::nullopt);
  }
  const std::int64_t before_ns = clock.now_ns();
  loop.poll(1500us);
  EXPECT_GE(clock.now_ns() - before_ns, 1'500'000);
}

TEST_F(EventLoopTest, PostedActionsRunInOrderInTheNextPoll) {
  std::string ran;
  loop.post([&] {
    ran += 'a';
    loop.post([&] { ran += 'c'; });
  });
  loop.post([&] { ran += 'b'; });
  EXPECT_EQ(ran, "");
  loop.poll(std::nullopt);
  EXPECT_EQ(ran, "ab");
  loop.poll(std::nullopt);
  EXPECT_EQ(ran, "abc");
}

TEST_F(EventLoopTest, AWakeBeforeThePollMakesItReturn) {
  loop.wake();
  loop.wake();
  loop.poll(std::nullopt);
}

TEST_F(EventLoopTest, ActionsOfManyThreadsAllRunAndKeepTheirThreadsOrder) {
  constexpr int threads = 4;
  constexpr int each = 5'000;
  std::array<int, threads> next{};
  int total = 0;
  std::vector<std::thread> posters;
  for (int thread = 0; thread < threads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i) {
        loop.post([&, thread, i] {
          EXPECT_EQ(next[static_cast<std::size_t>(thread)]++, i);
          ++total;
        });
      }
    });
  }
  while (total < threads * each) {
    loop.poll(std::nullopt);
  }
  for (std::thread& poster : posters) {
    poster.join();
  }
}

TEST_F(EventLoopTest, EveryWakeOfAnotherThreadEndsAWait) {
  std::atomic<int> seen{0};
  std::atomic<int> woken{0};
  std::thread waker([&] {
    for (int i = 1; i <= 2'000; ++i) {
      woken.store(i);
      loop.wake();
      while (seen.load() < i) {
        std::this_thread::yield();
      }
    }
  });
  while (seen.load() < 2'000) {
    loop.poll(std::nullopt);
    seen.store(woken.load());
  }
  waker.join();
}

TEST(EventLoopAtItsEnd, ActionsStillQueuedAreDestroyedWithoutBeingRun) {
  ManualClock clock;
  const auto token = std::make_shared<int>(1);
  {
    EventLoop loop(clock);
    loop.post([token] { FAIL(); });
    loop.after(0ns, [token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 3);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace wallaroo::internal
