// The producer, the reader of the link and the consumer on threads of their own.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "io/socket.hpp"
#include "link/channels/consumer_link.hpp"
#include "link/channels/link.hpp"
#include "record/record_batch.hpp"

namespace wallaroo::internal::link {
namespace {

using namespace std::chrono_literals;
using Records = RecordBatch<std::uint64_t>;

constexpr std::uint64_t last_record = 300'000;

/// What an executor does: turns, and a sleep when there is nothing to do.
template <class Turn, class HasWork, class Done>
void run_executor(EventLoop& loop, Doorbell& doorbell, Turn turn, HasWork has_work, Done done) {
  while (!done()) {
    loop.poll(0ns);
    if (turn()) {
      continue;
    }
    doorbell.announce_sleep();
    loop.poll(has_work() ? 0ns : 50ms);
    doorbell.awake();
  }
}

/// An executor of its own for each role.
struct Executor {
  SteadyClock clock;
  EventLoop loop{clock};
  Doorbell doorbell{[this] { loop.wake(); }};
};

void produce(Executor& self, FileDescriptor socket, const WireCodec& codec) {
  Link link(self.loop, self.clock, [](const std::string& why) { ADD_FAILURE() << why; });
  LinkChannel& channel = link.add_channel({1, 0}, codec);
  link.attach(std::move(socket), "");
  std::uint64_t next = 0;
  BatchPtr batch;
  bool ended = false;
  const auto turn = [&] {
    bool progressed = link.serve();
    for (int i = 0; i < 8 && !ended; ++i) {
      if (batch == nullptr && next == last_record) {
        batch = std::make_unique<ControlBatch>(BatchKind::end_of_stream);
      } else if (batch == nullptr) {
        batch = channel.recycled();
        if (batch == nullptr) {
          batch = std::make_unique<Records>();
        }
        for (std::uint64_t size = 1 + next % 700; size > 0 && next < last_record; --size) {
          static_cast<Records&>(*batch).emplace(next++);
        }
      }
      const bool is_end = batch->kind == BatchKind::end_of_stream;
      if (!channel.try_push(batch)) {
        break;
      }
      ended = is_end;
      progressed = true;
    }
    link.flush();
    return progressed;
  };
  run_executor(
      self.loop, self.doorbell, turn, [&] { return !ended && !channel.seems_full(); },
      [&] { return link.finished(); });
}

void read(Executor& self, FileDescriptor socket, RemoteInput& input) {
  CreditPool pool;
  ConsumerLink link(self.loop, self.clock,
                    {[&](const Open&) {
                       return Destination{&input, &pool};
                     },
                     [](const std::string& why) { ADD_FAILURE() << why; }});
  link.attach(std::move(socket), "");
  run_executor(
      self.loop, self.doorbell, [&] { return link.serve(); },
      [&] {
        link.before_sleep();
        return link.has_work();
      },
      [&] { return link.over(); });
  EXPECT_TRUE(link.finished());
}

std::uint64_t consume(Executor& self, RemoteInput& input) {
  std::uint64_t next = 0;
  bool ended = false;
  const auto turn = [&] {
    BatchPtr arrived = input.mailbox().pop();
    if (arrived == nullptr) {
      return false;
    }
    BatchPtr batch = input.decode(std::move(arrived));
    if (batch->kind == BatchKind::end_of_stream) {
      ended = true;
      return true;
    }
    for (const std::uint64_t record : static_cast<Records&>(*batch)) {
      EXPECT_EQ(record, next++);
    }
    input.recycle(std::move(batch));
    return true;
  };
  run_executor(
      self.loop, self.doorbell, turn, [&] { return input.mailbox().has_mail(); },
      [&] { return ended; });
  return next;
}

TEST(LinkBetweenThreads, BringsEverythingInOrderAndEndsWithoutALoss) {
  const FileDescriptor listener = listen_tcp("127.0.0.1:0");
  Connecting dialed = start_connect(local_address(listener.get()));
  Accepted accepted = accept_tcp(listener.get());
  while (accepted.error == EAGAIN) {
    accepted = accept_tcp(listener.get());
  }
  ASSERT_EQ(finish_connect(dialed.socket.get()), 0);
  const auto codec = wire_codec<std::uint64_t>();
  Executor producer;
  Executor reader;
  Executor consumer;
  RemoteInput input(&reader.doorbell, &consumer.doorbell, *codec);
  std::thread produces([&] { produce(producer, std::move(dialed.socket), *codec); });
  std::thread reads([&] { read(reader, std::move(accepted.socket), input); });
  EXPECT_EQ(consume(consumer, input), last_record);
  produces.join();
  reads.join();
}

}  // namespace
}  // namespace wallaroo::internal::link
