// Connections as partitions: who is waited for, and for how long.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wallaroo/wallaroo.hpp>

#include "io/file_descriptor.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

class Peer {
 public:
  explicit Peer(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  internal::FileDescriptor socket_;
};

// Lines with a time in milliseconds, counted in windows of ten milliseconds.
class Running {
 public:
  Running(std::chrono::nanoseconds idle_after, int threads, std::chrono::nanoseconds slow = 0ns) {
    EventTimeOptions times = ascending();
    times.idle_after = idle_after;
    app_.source("lines",
                tcp_source({.listen = "127.0.0.1:0", .framing = Newline{}},
                           [](std::string_view line) {
                             return static_cast<std::int64_t>(std::stoll(std::string(line)));
                           }))
        .event_time(
            "time", [](std::int64_t ms) { return EventTime(std::chrono::milliseconds(ms)); }, times)
        .key_by("key", [](std::int64_t) { return 1; })
        .to("count", range_windows(10ms).with_timeout(1h).over(count()))
        .to_sink("out", callback_sink([this, slow](const WindowResult<int, std::uint64_t>& result) {
                   std::this_thread::sleep_for(slow);
                   counted_ += static_cast<std::int64_t>(result.value);
                 }));
    engine_.emplace(app_, EngineOptions{.threads = threads});
    engine_->start();
  }
  Peer connect() const { return Peer(engine_->address("lines")); }
  std::int64_t counted() const { return counted_; }
  bool eventually_counted(std::int64_t wanted) const {
    for (int waited = 0; counted() < wanted && waited < 6000; ++waited) {
      std::this_thread::sleep_for(5ms);
    }
    return counted() >= wanted;
  }
  void wait_for_records(std::uint64_t records) const {
    const std::string wanted = "} " + std::to_string(records) + "\n";
    for (int waited = 0; waited < 6000; ++waited) {
      const std::string text = engine_->metrics_text();
      std::uint64_t sum = 0;
      const std::string metric = "wallaroo_stage_records_in_total{";
      for (auto at = text.find(metric); at != std::string::npos; at = text.find(metric, at + 1)) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        if (line.find("stage=\"count\"") != std::string::npos) {
          sum += std::stoull(line.substr(line.rfind(' ')));
        }
      }
      if (sum >= records) {
        return;
      }
      std::this_thread::sleep_for(5ms);
    }
    ADD_FAILURE() << "the records do not arrive";
  }
  Outcome drain() {
    engine_->stop();
    return engine_->wait();
  }

 private:
  Application app_{"connections"};
  std::atomic<std::int64_t> counted_{0};
  std::optional<Engine> engine_;
};

class TimeOverTcp : public testing::TestWithParam<int> {};

TEST_P(TimeOverTcp, ASilentConnectionIsWaitedForUntilItIsIdle) {
  Running running(300ms, GetParam());
  const Peer silent = running.connect();
  EXPECT_TRUE(silent.send("5\n"));
  running.wait_for_records(1);
  const Peer busy = running.connect();
  EXPECT_TRUE(busy.send("1\n2\n35\n"));
  EXPECT_TRUE(running.eventually_counted(3));
  EXPECT_TRUE(running.drain().ok);
  EXPECT_EQ(running.counted(), 4);
}

TEST_P(TimeOverTcp, WhoIsNeverIdleIsWaitedForUntilTheConnectionEnds) {
  Running running(0ms, GetParam());
  const Peer busy = running.connect();
  {
    const Peer silent = running.connect();
    EXPECT_TRUE(silent.send("5\n"));
    running.wait_for_records(1);
    EXPECT_TRUE(busy.send("1\n2\n35\n"));
    running.wait_for_records(4);
    // No window can have fired: the silent connection is still at 5.
    EXPECT_EQ(running.counted(), 0);
  }
  EXPECT_TRUE(running.eventually_counted(3));
  EXPECT_TRUE(running.drain().ok);
  EXPECT_EQ(running.counted(), 4);
}

TEST_P(TimeOverTcp, DrainingClosesWindows) {
  Running running(0ms, GetParam());
  const Peer peer = running.connect();
  EXPECT_TRUE(peer.send("1\n2\n35\n"));
  running.wait_for_records(3);
  EXPECT_TRUE(running.drain().ok);
  EXPECT_EQ(running.counted(), 3);
}

// The executor never runs out of input, and must still notice a connection that gives none.
TEST_P(TimeOverTcp, ASilentConnectionIsIdleUnderFullLoadToo) {
  Running running(200ms, GetParam());
  const Peer silent = running.connect();
  EXPECT_TRUE(silent.send("1\n"));
  running.wait_for_records(1);
  const Peer busy = running.connect();
  std::atomic<bool> stop{false};
  std::thread load([&] {
    for (std::int64_t ms = 0; !stop; ms += 1) {
      std::string lines;
      for (int i = 0; i < 5000; ++i) {
        lines += std::to_string(ms) + "\n";
      }
      if (!busy.send(lines)) {
        return;
      }
    }
  });
  EXPECT_TRUE(running.eventually_counted(100'000)) << running.counted();
  stop = true;
  load.join();
  EXPECT_TRUE(running.drain().ok);
}

// Records that wait in sockets while a sink takes nothing are not late afterwards.
TEST_P(TimeOverTcp, ASinkThatBlocksForLongerThanTheIdleTimeMakesNothingLate) {
  constexpr std::int64_t each = 10'000;
  Running running(500ms, GetParam(), 2ms);
  const Peer first = running.connect();
  const Peer second = running.connect();
  EXPECT_TRUE(first.send("1\n"));
  EXPECT_TRUE(second.send("1\n"));
  running.wait_for_records(2);
  const auto send_all = [](const Peer& peer) {
    for (std::int64_t ms = 10; ms < 10 + each;) {
      std::string lines;
      for (int i = 0; i < 500; ++i) {
        lines += std::to_string(ms++) + "\n";
      }
      EXPECT_TRUE(peer.send(lines));
    }
  };
  std::thread other([&] { send_all(second); });
  send_all(first);
  other.join();
  running.wait_for_records(2 + 2 * each);
  EXPECT_TRUE(running.drain().ok);
  EXPECT_EQ(running.counted(), 2 + 2 * each);
}

// Sends a line with the same time on every connection each 10 ms, and stops this process meanwhile.
// Uses a child process, which only calls functions that are safe after a fork in a program with
// threads.
class StoppingSender {
 public:
  static constexpr int lines = 250;
  static constexpr int stopped_at = 50;
  static constexpr int goes_on_at = 200;

  explicit StoppingSender(const std::vector<Peer>& peers) : pid_(::fork()) {
    if (pid_ != 0) {
      return;
    }
    const pid_t parent = ::getppid();
    for (int i = 0; i < lines; ++i) {
      if (i == stopped_at) {
        ::kill(parent, SIGSTOP);
      } else if (i == goes_on_at) {
        ::kill(parent, SIGCONT);
      }
      const char line[] = {static_cast<char>('1' + i / 100), static_cast<char>('0' + i / 10 % 10),
                           static_cast<char>('0' + i % 10), '\n'};
      for (const Peer& peer : peers) {
        (void)peer.send(std::string_view(line, sizeof line));
      }
      ::usleep(10'000);
    }
    ::_exit(0);
  }
  void wait() const { EXPECT_EQ(::waitpid(pid_, nullptr, 0), pid_); }

 private:
  pid_t pid_;
};

TEST_P(TimeOverTcp, AProcessThatWasStoppedFindsNobodyIdleWhoWasHeardWhenItGoesOn) {
  Running running(600ms, GetParam());
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(running.connect());
    EXPECT_TRUE(peers.back().send("1\n"));
  }
  running.wait_for_records(3);
  std::atomic<bool> done{false};
  std::chrono::nanoseconds longest_gap = 0ns;
  std::thread watch([&] {
    for (auto last = std::chrono::steady_clock::now(); !done;) {
      std::this_thread::sleep_for(1ms);
      const auto now = std::chrono::steady_clock::now();
      longest_gap = std::max<std::chrono::nanoseconds>(longest_gap, now - last);
      last = now;
    }
  });
  const StoppingSender sender(peers);
  sender.wait();
  done = true;
  watch.join();
  EXPECT_GT(longest_gap, 1s) << "the process was not stopped";
  running.wait_for_records(3 + 3 * StoppingSender::lines);
  EXPECT_TRUE(running.drain().ok);
  EXPECT_EQ(running.counted(), 3 + 3 * StoppingSender::lines) << "some were late";
}

INSTANTIATE_TEST_SUITE_P(Executors, TimeOverTcp, testing::Values(1, 2));

}  // namespace
}  // namespace golden
