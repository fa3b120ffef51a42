#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "io/socket.hpp"
#include "link/message_connection.hpp"
#include "link/worker_dialer.hpp"
#include "link/worker_listener.hpp"

namespace wallaroo::internal::link {
namespace {

using namespace std::chrono_literals;

std::string framed(const std::string& body) {
  std::string message(4, '\0');
  for (std::size_t i = 0; i != 4; ++i) {
    message[i] = static_cast<char>(body.size() >> (8 * i) & 0xff);
  }
  return message + body;
}

Hello some_hello(std::uint64_t generation = 7) {
  Hello hello;
  hello.generation = generation;
  hello.incarnation = 4711;
  return hello;
}

/// A worker that listens and one that dials, on one loop.
class WorkerConnection : public testing::Test {
 protected:
  WorkerConnection() { listen("secret"); }

  void listen(const std::string& token) {
    listener.emplace(
        loop, WorkerListener::Setup{listen_tcp("127.0.0.1:0"), token, {}},
        WorkerListener::Callbacks{[](const ProvedHello& proved) {
                                    return judge(proved, {proved.hello.cluster, 0, 7, 0});
                                  },
                                  [this](const Hello& hello, Introduced introduced) {
                                    hellos.push_back(hello);
                                    accepted.push_back(std::move(introduced));
                                  }});
    listener->start();
    to = parse_host_port(listener->address());
  }
  template <class Holds>
  bool poll_until(Holds holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      loop.poll(10ms);
    }
    return holds();
  }
  WorkerDialer::Result dial(const Hello& hello, const std::string& token = "secret",
                            std::chrono::nanoseconds limit = 5s) {
    std::optional<WorkerDialer::Result> result;
    const WorkerDialer dialer(loop, {to, hello, token, limit},
                              [&](WorkerDialer::Result got) { result = std::move(got); });
    EXPECT_TRUE(poll_until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  SteadyClock clock;
  EventLoop loop{clock};
  std::optional<WorkerListener> listener;
  HostPort to;
  std::vector<Hello> hellos;
  std::vector<Introduced> accepted;
};

TEST_F(WorkerConnection, BeginsWithAHandshake) {
  const auto result = dial(some_hello());
  EXPECT_TRUE(std::holds_alternative<Introduced>(result));
  ASSERT_TRUE(poll_until([&] { return hellos.size() == 1; }));
  EXPECT_EQ(hellos[0].incarnation, 4711U);
}

TEST_F(WorkerConnection, IsRefusedWithTheReason) {
  const auto stale = dial(some_hello(6));
  ASSERT_TRUE(std::holds_alternative<Answer>(stale));
  EXPECT_EQ(std::get<Answer>(stale).code, AnswerCode::stale);
  EXPECT_EQ(std::get<Answer>(stale).generation, 7U);
  const auto stranger = dial(some_hello(), "wrong");
  ASSERT_TRUE(std::holds_alternative<Answer>(stranger));
  EXPECT_EQ(std::get<Answer>(stranger).code, AnswerCode::not_authorised);
  EXPECT_TRUE(hellos.empty());
}

TEST_F(WorkerConnection, ToAPortWhereNobodyListensIsRefused) {
  listener.reset();
  const auto result = dial(some_hello());
  ASSERT_TRUE(std::holds_alternative<NotConnected>(result));
  EXPECT_TRUE(std::get<NotConnected>(result).refused);
}

TEST_F(WorkerConnection, ToAWorkerThatSaysNothingIsGivenUp) {
  const FileDescriptor silent = listen_tcp("127.0.0.1:0");
  to = parse_host_port(local_address(silent.get()).to_string());
  const auto result = dial(some_hello(), "secret", 50ms);
  ASSERT_TRUE(std::holds_alternative<NotConnected>(result));
  EXPECT_FALSE(std::get<NotConnected>(result).refused);
  EXPECT_EQ(std::get<NotConnected>(result).reason, "no answer in time");
}

TEST_F(WorkerConnection, OfAStrangerIsClosed) {
  Connecting browser = start_connect(*numeric_address(to));
  ASSERT_TRUE(poll_until([&] { return finish_connect(browser.socket.get()) == 0; }));
  send_some(browser.socket.get(), "GET / HTTP/1.1\r\n\r\n");
  char bytes[100];
  EXPECT_TRUE(poll_until([&] {
    const IoResult got = receive_some(browser.socket.get(), bytes, sizeof bytes);
    return got.at_end() || got.error == ECONNRESET;
  }));
  EXPECT_TRUE(hellos.empty());
}

TEST_F(WorkerConnection, OfAGuestThatLeavesIsForgotten) {
  for (int i = 0; i != 600; ++i) {  // more than the listener keeps at once
    const Connecting guest = start_connect(*numeric_address(to));
    loop.poll(1ms);
  }
  EXPECT_TRUE(std::holds_alternative<Introduced>(dial(some_hello())));
}

/// Both ends of a connection, and what they were told.
class Messages : public WorkerConnection {
 protected:
  struct End {
    std::unique_ptr<MessageConnection> connection;
    std::vector<std::string> messages;
    std::vector<std::string> losses;
  };

  void open(End& end, Introduced introduced) {
    end.connection = std::make_unique<MessageConnection>(
        loop, std::move(introduced),
        MessageConnection::Callbacks{
            [&end](std::string_view message) { end.messages.emplace_back(message); },
            [&end](const std::string& reason) { end.losses.push_back(reason); }});
  }
  void connect() {
    auto result = dial(some_hello());
    ASSERT_TRUE(poll_until([&] { return accepted.size() == 1; }));
    open(here, std::get<Introduced>(std::move(result)));
    open(there, std::move(accepted[0]));
  }

  End here;
  End there;
};

TEST_F(Messages, ArriveInTheirOrderInBothDirections) {
  connect();
  const std::string big(3'000'000, 'x');
  here.connection->send(framed("one"));
  here.connection->send(framed(""));
  here.connection->send(framed(big));
  here.connection->send(framed("last"));
  there.connection->send(framed("back"));
  ASSERT_TRUE(poll_until([&] { return there.messages.size() == 4 && here.messages.size() == 1; }));
  EXPECT_EQ(there.messages, (std::vector<std::string>{"one", "", big, "last"}));
  EXPECT_EQ(here.messages[0], "back");
  EXPECT_TRUE(here.losses.empty());
}

TEST_F(Messages, ThatWereSentBeforeTheEndArriveBeforeTheLossIsTold) {
  connect();
  here.connection->send(framed("one"));
  here.connection->send(framed("two"));
  here.connection.reset();
  ASSERT_TRUE(poll_until([&] { return !there.losses.empty(); }));
  loop.poll(20ms);
  EXPECT_EQ(there.messages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(there.losses, std::vector<std::string>{"the other side has closed the connection"});
}

TEST_F(Messages, AreLostOnceWhenTheSenderNoticesFirst) {
  connect();
  there.connection.reset();
  ASSERT_TRUE(poll_until([&] {
    here.connection->send(framed("anybody?"));
    return !here.losses.empty();
  }));
  loop.poll(20ms);
  EXPECT_EQ(here.losses.size(), 1U);
}

TEST_F(Messages, ThatAreTooLongEndTheConnection) {
  connect();
  here.connection->send("\xff\xff\xff\xff");
  ASSERT_TRUE(poll_until([&] { return !there.losses.empty(); }));
  EXPECT_EQ(there.losses[0], "a message of 4294967295 bytes, of which 67108864 are the most");
}

TEST_F(Messages, MayEndTheConnectionWhileTheyAreGiven) {
  auto result = dial(some_hello());
  ASSERT_TRUE(poll_until([&] { return accepted.size() == 1; }));
  open(here, std::get<Introduced>(std::move(result)));
  int given = 0;
  there.connection =
      std::make_unique<MessageConnection>(loop, std::move(accepted[0]),
                                          MessageConnection::Callbacks{[&](std::string_view) {
                                                                         ++given;
                                                                         there.connection.reset();
                                                                       },
                                                                       [](const std::string&) {}});
  here.connection->send(framed("one") + framed("two"));
  ASSERT_TRUE(poll_until([&] { return !here.losses.empty(); }));
  EXPECT_EQ(given, 1);
}

TEST_F(Messages, ThatTheReaderRefusesEndTheConnection) {
  auto result = dial(some_hello());
  ASSERT_TRUE(poll_until([&] { return accepted.size() == 1; }));
  open(here, std::get<Introduced>(std::move(result)));
  there.connection = std::make_unique<MessageConnection>(
      loop, std::move(accepted[0]),
      MessageConnection::Callbacks{
          [](std::string_view) { throw HelloError("this makes no sense"); },
          [&](const std::string& reason) { there.losses.push_back(reason); }});
  here.connection->send(framed("?"));
  ASSERT_TRUE(poll_until([&] { return !here.losses.empty() && !there.losses.empty(); }));
  EXPECT_EQ(there.losses[0], "this makes no sense");
}

}  // namespace
}  // namespace wallaroo::internal::link
