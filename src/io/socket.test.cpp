#include "io/socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

void wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  ASSERT_EQ(::poll(&entry, 1, 20'000), 1);
}

struct Connection {
  FileDescriptor listener = listen_tcp("127.0.0.1:0");
  FileDescriptor client;
  FileDescriptor server;
  SocketAddress peer;

  Connection() {
    Connecting connecting = start_connect(local_address(listener.get()));
    EXPECT_EQ(connecting.error, 0);
    client = std::move(connecting.socket);
    wait_for(listener.get(), POLLIN);
    Accepted accepted = accept_tcp(listener.get());
    EXPECT_EQ(accepted.error, 0);
    server = std::move(accepted.socket);
    peer = accepted.peer;
    wait_for(client.get(), POLLOUT);
    EXPECT_EQ(finish_connect(client.get()), 0);
  }
};

std::string listen_failure(const std::string& address) {
  try {
    listen_tcp(address);
  } catch (const Error& error) {
    return error.what();
  }
  return "listening";
}

TEST(Socket, BytesTravelBothWays) {
  Connection connection;
  EXPECT_EQ(send_some(connection.client.get(), "question").bytes, 8U);
  wait_for(connection.server.get(), POLLIN);
  char buffer[64];
  EXPECT_EQ(receive_some(connection.server.get(), buffer, sizeof(buffer)).bytes, 8U);
  EXPECT_TRUE(receive_some(connection.server.get(), buffer, sizeof(buffer)).would_block());
  EXPECT_EQ(send_some(connection.server.get(), "answer").bytes, 6U);
  wait_for(connection.client.get(), POLLIN);
  EXPECT_EQ(receive_some(connection.client.get(), buffer, sizeof(buffer)).bytes, 6U);
}

TEST(Socket, BothSidesAgreeOnTheirAddresses) {
  Connection connection;
  EXPECT_EQ(connection.peer.to_string(), local_address(connection.client.get()).to_string());
  EXPECT_EQ(peer_address(connection.client.get()).to_string(),
            local_address(connection.server.get()).to_string());
  EXPECT_THROW(peer_address(connection.listener.get()), IoError);
}

TEST(Socket, TheEndOfAStreamIsNotAnError) {
  Connection connection;
  connection.client.reset();
  wait_for(connection.server.get(), POLLIN);
  char byte;
  EXPECT_TRUE(receive_some(connection.server.get(), &byte, 1).at_end());
}

TEST(Socket, SendingToAPeerThatIsGoneIsAnErrorAndNoSignal) {
  Connection connection;
  connection.server.reset();
  wait_for(connection.client.get(), POLLIN);
  IoResult result;
  for (int i = 0; i < 1'000 && result.error == 0; ++i) {
    result = send_some(connection.client.get(), "x");
  }
  EXPECT_TRUE(result.error == EPIPE || result.error == ECONNRESET) << result.error;
}

TEST(Socket, AFullPeerMakesSendingStopWithoutWaiting) {
  Connection connection;
  const std::string block(1 << 20, 'x');
  IoResult result;
  do {
    result = send_some(connection.client.get(), block);
  } while (result.error == 0);
  EXPECT_TRUE(result.would_block());
}

TEST(Socket, APortInUseIsNamedWithAdvice) {
  const FileDescriptor first = listen_tcp("127.0.0.1:0");
  const std::string address = local_address(first.get()).to_string();
  EXPECT_EQ(listen_failure(address), "cannot listen on " + address +
                                         ": address already in use (is another instance running?)");
}

TEST(Socket, APortCanBeTakenAgainAtOnceAfterItsConnectionsWereClosed) {
  std::string address;
  {
    Connection connection;
    address = local_address(connection.listener.get()).to_string();
    connection.server.reset();
  }
  EXPECT_EQ(listen_failure(address), "listening");
}

TEST(Socket, ListeningFailuresSayWhatToDo) {
  EXPECT_EQ(listen_failure("192.0.2.1:0"),
            "cannot listen on 192.0.2.1:0: cannot assign requested address (this machine has no "
            "such address; 0.0.0.0 means all of its interfaces)");
  EXPECT_NE(listen_failure("no-such-host.invalid:1").find("cannot find the host"),
            std::string::npos);
  EXPECT_THROW(listen_tcp("nonsense"), ConfigError);
}

TEST(Socket, ANameIsBoundToItsIpv4AddressFirst) {
  const FileDescriptor listener = listen_tcp("localhost:0");
  EXPECT_EQ(local_address(listener.get()).family(), AF_INET);
}

TEST(Socket, AnAbsentListenerIsARefusedConnection) {
  SocketAddress address;
  {
    const FileDescriptor listener = listen_tcp("127.0.0.1:0");
    address = local_address(listener.get());
  }
  Connecting connecting = start_connect(address);
  if (connecting.error == 0) {
    wait_for(connecting.socket.get(), POLLOUT);
    EXPECT_EQ(finish_connect(connecting.socket.get()), ECONNREFUSED);
  } else {
    EXPECT_EQ(connecting.error, ECONNREFUSED);
  }
}

TEST(Socket, ASocketConnectedToItselfCountsAsRefused) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress any = *numeric_address({"127.0.0.1", 0});
  ASSERT_EQ(::bind(socket.get(), any.data(), any.length()), 0);
  const SocketAddress own = local_address(socket.get());
  ASSERT_EQ(::connect(socket.get(), own.data(), own.length()), 0);
  EXPECT_EQ(finish_connect(socket.get()), ECONNREFUSED);
}

TEST(Socket, AConnectionThatIsNotMadeYetIsInProgress) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(finish_connect(socket.get()), EINPROGRESS);
}

TEST(Socket, ErrorTextsReadAsPartOfASentence) {
  EXPECT_EQ(error_text(ECONNREFUSED), "connection refused");
  EXPECT_EQ(error_text(EIO), "input/output error");
}

}  // namespace
}  // namespace wallaroo::internal
