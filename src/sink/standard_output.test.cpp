#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sink/file/file.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

struct Pair {
  FileDescriptor reader;
  FileDescriptor writer;
};

Pair make_pipe() {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Pair make_socket_pair() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Pair make_terminal() {
  FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  EXPECT_EQ(::grantpt(master.get()), 0);
  EXPECT_EQ(::unlockpt(master.get()), 0);
  FileDescriptor slave(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  EXPECT_EQ(::tcgetattr(slave.get(), &settings), 0);
  ::cfmakeraw(&settings);
  EXPECT_EQ(::tcsetattr(slave.get(), TCSANOW, &settings), 0);
  return {std::move(master), std::move(slave)};
}

/// Standard output as something with a reader that the test controls.
class Streams : public FileSinkTest {
 protected:
  /// Writes until the sink pushes back, then reads everything; nothing may hang, tear or get lost.
  void expect_backpressure_and_order(const Pair& pair) {
    const StandardOutput redirected(pair.writer.get());
    open({.path = "-"});
    std::string sent;
    for (int i = 0; writer_->can_accept(); ++i) {
      ASSERT_LT(i, 100'000) << "it never pushes back";
      const std::string record = fmt::format("{} {}\n", i, std::string(5'000, '.'));
      write({record});
      sent += record;
      ASSERT_LT(world_.metrics.buffered_bytes.value(), (1 << 20) + 6'000);
    }
    writer_->flush();
    EXPECT_FALSE(writer_->can_accept());
    ASSERT_EQ(::fcntl(pair.reader.get(), F_SETFL, O_NONBLOCK), 0);
    std::string received;
    const auto read = [&] {
      char bytes[10'000];
      const ssize_t n = ::read(pair.reader.get(), bytes, sizeof(bytes));
      received.append(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);
    };
    ASSERT_TRUE(world_.poll_until([&] { return read(), writer_->can_accept(); }));
    writer_->finish();
    ASSERT_TRUE(world_.poll_until([&] { return read(), writer_->finished(); }));
    ASSERT_TRUE(world_.poll_until([&] { return read(), received.size() >= sent.size(); }));
    EXPECT_TRUE(received == sent);
    EXPECT_EQ(::fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0)
        << "others that share standard output would see it";
    EXPECT_EQ(world_.metrics.records_lost.value(), 0U);
  }

  void expect_error_when_the_reader_goes(Pair pair) {
    const StandardOutput redirected(pair.writer.get());
    open({.path = "-"});
    write({"one\n"});
    writer_->flush();
    pair.reader.reset();
    write({"two\n"});
    const std::string error = error_of([&] { writer_->flush(); });
    EXPECT_TRUE(error.starts_with("sink 'totals': standard output was closed")) << error;
  }
};

TEST_F(Streams, ASlowReaderOfAPipeHoldsThePipelineBackWithinTheBound) {
  expect_backpressure_and_order(make_pipe());
}

TEST_F(Streams, ASlowReaderOfASocketHoldsThePipelineBackWithinTheBound) {
  expect_backpressure_and_order(make_socket_pair());
}

TEST_F(Streams, ASlowTerminalHoldsThePipelineBackWithinTheBound) {
  expect_backpressure_and_order(make_terminal());
}

TEST_F(Streams, APipeThatCannotBeOpenedAnewIsNotMadeNonBlockingEither) {
  const Pair pair = make_pipe();
  ASSERT_EQ(::fchmod(pair.writer.get(), 0), 0);
  const StandardOutput redirected(pair.writer.get());
  {
    const Unprivileged user;
    open({.path = "-"});
  }
  EXPECT_EQ(::fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
  for (int i = 0; writer_->can_accept(); ++i) {
    ASSERT_LT(i, 100'000) << "it never pushes back";
    write({std::string(5'000, 'x')});
  }
  const auto before = world_.metrics.bytes.value();
  std::string bytes(100'000, ' ');
  EXPECT_GT(::read(pair.reader.get(), bytes.data(), bytes.size()), 0);
  EXPECT_TRUE(world_.poll_until([&] { return world_.metrics.bytes.value() > before; }));
}

TEST_F(Streams, APipeWhoseReaderGoesIsAnErrorOfTheNextFlush) {
  expect_error_when_the_reader_goes(make_pipe());
}

TEST_F(Streams, ASocketWhoseReaderGoesIsAnErrorOfTheNextFlush) {
  expect_error_when_the_reader_goes(make_socket_pair());
}

TEST_F(Streams, AReaderThatWasNeverThereIsAnError) {
  Pair pair = make_pipe();
  pair.reader.reset();
  const StandardOutput redirected(pair.writer.get());
  open({.path = "-"});
  write({"one\n"});
  EXPECT_NE(error_of([&] { writer_->flush(); }).find("closed"), std::string::npos);
}

TEST_F(Streams, AReaderThatGoesWhileTheSinkWaitsForItIsAnErrorOfTheNextCall) {
  Pair pair = make_pipe();
  const StandardOutput redirected(pair.writer.get());
  open({.path = "-"});
  while (writer_->can_accept()) {
    write({std::string(50'000, 'x')});
  }
  pair.reader.reset();
  ASSERT_TRUE(world_.poll_until([&] { return writer_->can_accept(); }));
  EXPECT_NE(error_of([&] { write({"more"}); }).find("closed"), std::string::npos);
  EXPECT_GT(world_.metrics.records_lost.value(), 0U);
}

TEST_F(Streams, AStoppingApplicationGivesUpOnAReaderThatTakesNothing) {
  const Pair pair = make_pipe();
  const StandardOutput redirected(pair.writer.get());
  SinkWorld<ManualClock> world;
  FileSink sink("totals", {.path = "-"});
  sink.open();
  const auto writer = sink.writer(world.context());
  writer->start();
  while (writer->can_accept()) {
    writer->write(*batch_of({std::string(50'000, 'x')}));
  }
  world.clock.advance(1h);
  world.loop.poll(0ms);
  EXPECT_FALSE(writer->can_accept()) << "only a stopping application gives up";
  writer->drain();
  world.clock.advance(11s);
  world.loop.poll(0ms);
  ASSERT_TRUE(writer->can_accept());
  const auto lost = world.metrics.records_lost.value();
  EXPECT_GT(lost, 0U);
  writer->write(*batch_of({"more"}));
  writer->finish();
  EXPECT_TRUE(writer->finished());
  EXPECT_EQ(world.metrics.records_lost.value(), lost + 1);
  EXPECT_EQ(world.lines_with("sink 'totals': gave up"), 1U);
}

TEST_F(Streams, AReaderThatGoesWhileDrainingEndsTheDrainWithLostRecords) {
  Pair pair = make_pipe();
  const StandardOutput redirected(pair.writer.get());
  open({.path = "-"});
  while (writer_->can_accept()) {
    write({std::string(50'000, 'x')});
  }
  writer_->finish();
  EXPECT_FALSE(writer_->finished());
  pair.reader.reset();
  ASSERT_TRUE(world_.poll_until([&] { return writer_->finished(); }));
  EXPECT_GT(world_.metrics.records_lost.value(), 0U);
  EXPECT_EQ(world_.lines_with("standard output was closed"), 1U);
}

}  // namespace
}  // namespace wallaroo::internal
