#include "metrics/push/pusher.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

/// Listens on a port, which it keeps when it listens again.
class Receiver {
 public:
  Receiver() { listen(); }
  ~Receiver() {
    hang_up();
    close_listener();
  }

  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_, 1), 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  void close_listener() { ::close(std::exchange(listener_, -1)); }
  void accept() {
    connection_ = ::accept(listener_, nullptr, nullptr);
    ASSERT_NE(connection_, -1);
  }
  void hang_up() {
    if (connection_ != -1) {
      ::close(std::exchange(connection_, -1));
    }
  }
  std::string port() const { return std::to_string(port_); }

  /// The next message without its size; empty at the end of the connection.
  std::string message() {
    const std::string size = bytes(4);
    return size.empty() ? std::string() : bytes(number(size));
  }

  static std::uint64_t number(std::string_view big_endian) {
    std::uint64_t number = 0;
    for (const char byte : big_endian) {
      number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
  }

 private:
  std::string bytes(std::size_t count) {
    std::string read(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const ssize_t got = ::recv(connection_, read.data() + have, count - have, 0);
      if (got <= 0) {
        return {};
      }
      have += static_cast<std::size_t>(got);
    }
    return read;
  }

  std::uint16_t port_ = 0;
  int listener_ = -1;
  int connection_ = -1;
};

PusherSettings settings_for(const Receiver& receiver) {
  return {.host = "127.0.0.1",
          .port = receiver.port(),
          .sender = {"metrics:test", "w"},
          .period = 20ms,
          .retry = 10ms};
}

std::uint64_t end_of_period(const std::string& payload) {
  return Receiver::number(std::string_view(payload).substr(payload.size() - 8));
}
std::uint64_t bin_0(const std::string& payload) {
  return Receiver::number(std::string_view(payload).substr(payload.size() - 32 - 65 * 8, 8));
}

TEST(APusher, JoinsAndSendsEachPeriodAtMultiplesOfItsLength) {
  Receiver receiver;
  Counter records;
  const Log log;
  Pusher pusher(settings_for(receiver), {{{"in", "c", "p", 0}, {}, {&records}}}, log);
  pusher.start();
  receiver.accept();
  EXPECT_EQ(receiver.message(), push_connect().substr(4));
  EXPECT_EQ(receiver.message(), push_join({"metrics:test", "w"}).substr(4));
  std::uint64_t before = 0;
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t end = end_of_period(receiver.message());
    EXPECT_EQ(end % 20'000'000, 0U);
    EXPECT_GT(end, before);
    before = end;
  }
  records.add(3);
  while (bin_0(receiver.message()) != 3) {
  }
}

TEST(APusher, SendsWhatThePresentPeriodHasWhenItStops) {
  Receiver receiver;
  Counter records;
  const Log log;
  PusherSettings settings = settings_for(receiver);
  settings.period = std::chrono::hours(1);
  Pusher pusher(settings, {{{"in", "c", "p", 0}, {}, {&records}}}, log);
  pusher.start();
  receiver.accept();
  receiver.message();
  receiver.message();
  records.add(5);
  pusher.stop();
  EXPECT_EQ(bin_0(receiver.message()), 5U);
  EXPECT_EQ(receiver.message(), "");
}

TEST(APusher, TriesAgainUntilTheReceiverIsThereAndWhenItComesBack) {
  Receiver receiver;
  receiver.close_listener();
  const Log log;
  Pusher pusher(settings_for(receiver), {}, log);
  pusher.start();
  std::this_thread::sleep_for(50ms);
  for (int i = 0; i < 2; ++i) {
    receiver.listen();
    receiver.accept();
    EXPECT_EQ(receiver.message(), push_connect().substr(4));
    receiver.close_listener();
    receiver.hang_up();
  }
}

TEST(APusher, StopsWithoutAReceiver) {
  Receiver receiver;
  receiver.close_listener();
  const Log log;
  Pusher pusher(settings_for(receiver), {}, log);
  pusher.start();
  pusher.stop();
}

TEST(APusher, ThatNobodyReadsFromDropsPeriodsAndStopsAllTheSame) {
  Receiver receiver;
  Counter records;
  std::mutex mutex;
  std::string logged;
  const Log log(LogLevel::debug, [&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    logged.append(line);
  });
  std::vector<PushSource> many(10'000, {{"in", "c", "p", 0}, {}, {&records}});
  Pusher pusher(settings_for(receiver), std::move(many), log);
  pusher.start();
  receiver.accept();
  for (bool dropped = false; !dropped;) {
    std::this_thread::sleep_for(10ms);
    const std::lock_guard lock(mutex);
    dropped = logged.find("the receiver is slow") != std::string::npos;
  }
  pusher.stop();
}

}  // namespace
}  // namespace wallaroo::internal
