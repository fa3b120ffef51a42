// How a TCP source behaves at its limits: many peers, no descriptors, full queues, stopping.
#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "io/open_file_limit.hpp"
#include "source/source.rig.hpp"
#include "source/tcp/tcp_source.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using testing_support::listening;
using testing_support::SourceRig;
using testing_support::TestClient;

TEST(TcpSourceLimits, AThousandSilentConnectionsDoNotKeepAnotherFromBeingServed) {
  raise_open_file_limit();
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source, 2);
  std::vector<TestClient> silent;
  for (int i = 0; i < 1'000; ++i) {
    silent.emplace_back(source.address());
    rig.step();
  }
  TestClient client(source.address());
  client.send(rig, "hello\n");
  rig.run_until_received(1);
  EXPECT_EQ(rig.connections(), 1'001);
  EXPECT_FALSE(rig.step());
  silent.clear();
  rig.run_until([&] { return rig.connections() == 1; });
  EXPECT_TRUE(rig.logged.empty());
}

TEST(TcpSourceLimits, PeersBeyondTheMaximumWaitUntilOneGoes) {
  TcpSourceOptions options = listening(Newline{});
  options.max_connections = 2;
  TcpSource source("lines", options);
  SourceRig rig(source, 2);
  std::vector<TestClient> clients;
  for (const char* text : {"0\n", "1\n", "2\n", "3\n"}) {
    clients.emplace_back(source.address());
    clients.back().try_send(text);
  }
  rig.run_until_received(2);
  for (int i = 0; i < 100; ++i) {
    rig.step();
  }
  EXPECT_EQ(rig.total_received(), 2U);
  EXPECT_EQ(rig.connections(), 2);
  EXPECT_EQ(rig.count_logged("2 connections are open, the maximum (max_connections)"), 1U);
  clients[1].close();
  rig.run_until_received(3);
  clients[0].close();
  rig.run_until_received(4);
  EXPECT_EQ(rig.count_logged("the maximum"), 1U);
}

/// Leaves the process without a free descriptor while it lives.
class NoFreeDescriptors {
 public:
  NoFreeDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(highest()) + 2;
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (;;) {
      FileDescriptor fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!fd) {
        break;
      }
      fillers_.push_back(std::move(fd));
    }
  }
  ~NoFreeDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  static int highest() {
    int highest = 0;
    for (int fd = 0; fd < 20'000; ++fd) {
      highest = ::fcntl(fd, F_GETFD) >= 0 ? fd : highest;
    }
    return highest;
  }
  rlimit before_{};
  std::vector<FileDescriptor> fillers_;
};

TEST(TcpSourceLimits, RunningOutOfDescriptorsIsLoggedOnceAndAcceptingGoesOnAfterwards) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  TestClient client(source.address());
  client.try_send("hello\n");
  {
    const NoFreeDescriptors none;
    for (int i = 0; i < 5; ++i) {
      rig.run_until([&] { return rig.at(0).loop.next_timer_ns().has_value(); });
      rig.clock.advance(100ms);
      rig.step();
    }
    EXPECT_EQ(rig.count_logged("cannot accept connections: too many open files"), 1U);
    EXPECT_EQ(rig.count_logged("ulimit -n"), 1U);
    EXPECT_EQ(rig.connections(), 0);
  }
  rig.clock.advance(100ms);
  rig.run_until_received(1);
}

TEST(TcpSourceLimits, OnePollDeliversABoundedNumberOfBatches) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  TestClient client(source.address());
  client.send(rig, "first\n");
  rig.run_until_received(1);
  const std::size_t lines = 40'000;
  rig.receiver().is_blocked = true;
  std::size_t sent = 0;
  while (sent < lines) {
    sent += client.try_send(std::string(lines - sent, '\n')).bytes;
  }
  rig.receiver().is_blocked = false;
  std::size_t polls = 0;
  while (rig.total_received() < lines + 1) {
    const std::size_t before = rig.receiver().batches;
    rig.step(1ms);
    EXPECT_LE(rig.receiver().batches - before, 8U);
    ++polls;
  }
  EXPECT_GT(polls, 3U);
}

TEST(TcpSourceLimits, AReceiverThatBlocksGetsNothingMoreUntilItIsFree) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  auto& receiver = rig.receiver();
  receiver.on_batch = [&] { receiver.is_blocked = true; };
  TestClient client(source.address());
  client.try_send(std::string(10'000, '\n'));
  rig.run_until([&] { return receiver.is_blocked; });
  EXPECT_TRUE(rig.at(0).reader->poll());
  EXPECT_EQ(receiver.batches, 1U);
  for (std::size_t batch = 2; batch <= 5; ++batch) {
    receiver.is_blocked = false;
    rig.run_until([&] { return receiver.is_blocked; });
    EXPECT_EQ(receiver.batches, batch);
  }
}

TEST(TcpSourceLimits, AClientThatOutrunsASourceThatIsHeldBackIsStoppedByItsSocket) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  TestClient client(source.address());
  client.send(rig, "x\n");
  rig.run_until_received(1);
  rig.receiver().is_blocked = true;
  const std::string block(1 << 20, '\n');
  std::size_t sent = 0;
  for (;;) {
    const IoResult result = client.try_send(block);
    sent += result.bytes;
    if (result.would_block()) {
      break;
    }
  }
  EXPECT_FALSE(rig.step());
  EXPECT_EQ(rig.metrics().bytes.value(), 2U);
  rig.receiver().is_blocked = false;
  rig.run_until_received(sent + 1);
}

TEST(TcpSourceLimits, StoppingDeliversWhatWasReadAndReadsNoMore) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  auto& receiver = rig.receiver();
  receiver.on_batch = [&] { receiver.is_blocked = true; };
  TestClient client(source.address());
  TestClient silent(source.address());
  std::string bytes(3'000, '\n');
  bytes += "incomplete";
  client.try_send(bytes);
  rig.run_until([&] { return receiver.is_blocked; });
  receiver.on_batch = nullptr;
  rig.at(0).reader->stop();
  EXPECT_FALSE(rig.at(0).reader->finished());
  EXPECT_TRUE(client.closed_by_peer());
  EXPECT_TRUE(silent.closed_by_peer());
  receiver.is_blocked = false;
  rig.run_until([&] { return rig.at(0).reader->finished(); });
  EXPECT_EQ(rig.total_received(), 3'000U);
  EXPECT_EQ(rig.count_logged("stopped inside a record; its 10 bytes are dropped"), 1U);
  EXPECT_FALSE(rig.step());
  EXPECT_NO_THROW(listen_tcp(source.address()));
  EXPECT_EQ(rig.connections(), 0);
}

TEST(TcpSourceLimits, ConnectionsDealtToAnExecutorThatHasStoppedAreClosed) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source, 2);
  const int acceptor = std::hash<std::string>{}("lines") % 2 == 0 ? 0 : 1;
  auto& other = rig.at(1 - acceptor).reader;
  other->stop();
  EXPECT_TRUE(other->finished());
  // Two connections are dealt one to each executor, whether the other one has stopped or is gone.
  for (int round = 0; round < 2; ++round) {
    std::array<TestClient, 2> clients{TestClient(source.address()), TestClient(source.address())};
    rig.run_until([&] { return clients[1].closed_by_peer() && rig.connections() == 1; });
    EXPECT_FALSE(clients[0].closed_by_peer());
    clients[0].close();
    rig.run_until([&] { return rig.connections() == 0; });
    other.reset();
  }
}

TEST(TcpSourceLimits, ExecutorsOnTheirOwnThreadsShareTheConnections) {
  TcpSource source("lines", listening(Newline{}));
  source.open();
  SteadyClock clock;
  const Log log;
  std::vector<std::unique_ptr<testing_support::TestExecutor>> executors;
  for (int i = 0; i < 3; ++i) {
    executors.push_back(std::make_unique<testing_support::TestExecutor>(clock, log));
  }
  for (int i = 0; i < 3; ++i) {
    auto& each = *executors[static_cast<std::size_t>(i)];
    each.reader = source.reader(i, 3, each.context);
  }
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> received{0};
  std::vector<std::thread> threads;
  for (auto& each : executors) {
    threads.emplace_back([&] {
      each->reader->start();
      each->receiver.on_batch = [&] { received.fetch_add(1); };
      while (!stop.load()) {
        if (!each->reader->poll()) {
          each->loop.poll(1ms);
        } else {
          each->loop.poll(0ns);
        }
      }
      // Readers are destroyed while others still accept and deal connections.
      each->reader.reset();
    });
  }
  for (int i = 0; i < 300; ++i) {
    TestClient client(source.address());
    ASSERT_EQ(client.try_send("a\nb\n").bytes, 4U);
    if (i % 3 == 0) {
      client.reset_connection();
    }
  }
  while (received.load() < 200) {
    std::this_thread::yield();
  }
  std::vector<TestClient> last;
  for (int i = 0; i < 50; ++i) {
    last.emplace_back(source.address());
  }
  stop.store(true);
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace wallaroo::internal
