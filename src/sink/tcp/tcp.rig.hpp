// Shared by the tests of the TCP sink: the peer, and a sink that runs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/socket.hpp"
#include "sink/sink.rig.hpp"
#include "sink/tcp/tcp_sink.hpp"

namespace wallaroo::internal {

/// The other side: accepts and reads when the test says so.
class Peer {
 public:
  Peer() : listener_(listen_tcp("127.0.0.1:0")), address_(name()) {}
  explicit Peer(const std::string& address) : listener_(listen_tcp(address)), address_(address) {}

  const std::string& address() const { return address_; }
  bool accept() {
    Accepted accepted = accept_tcp(listener_.get());
    if (accepted.socket) {
      connection_ = std::move(accepted.socket);
      received.clear();
      ended = false;
    }
    return static_cast<bool>(connection_);
  }
  /// Reads what is there, at most `limit` bytes.
  void read(std::size_t limit = 1 << 30) {
    std::vector<char> bytes(64 * 1024);
    while (limit > 0 && connection_) {
      const IoResult got =
          receive_some(connection_.get(), bytes.data(), std::min(limit, bytes.size()));
      ended = ended || got.at_end();
      if (got.bytes == 0) {
        return;
      }
      received.append(bytes.data(), got.bytes);
      limit -= got.bytes;
    }
  }
  IoResult send(std::string_view bytes) { return send_some(connection_.get(), bytes); }
  void hang_up() { connection_.reset(); }
  void stop_listening() { listener_.reset(); }

  std::string received;
  bool ended = false;

 private:
  std::string name() const { return local_address(listener_.get()).to_string(); }
  FileDescriptor listener_;
  std::string address_;
  FileDescriptor connection_;
};

inline TcpSinkOptions options_for(const std::string& address) {
  using namespace std::chrono_literals;
  return {.connect = address, .first_backoff = 1ms, .max_backoff = 4ms, .drain_timeout = 30s};
}

template <class ClockType = SteadyClock>
struct RunningSink : SinkWorld<ClockType> {
  explicit RunningSink(const TcpSinkOptions& options) : sink("totals", options) {
    sink.open();
    writer = sink.writer(this->context());
    writer->start();
  }
  void write(const std::vector<std::string>& records) {
    ASSERT_TRUE(writer->can_accept());
    const auto batch = batch_of(records);
    writer->write(*batch);
  }
  bool connect_to(Peer& peer) {
    return this->poll_until([&] { return peer.accept() && this->metrics.connected.value() == 1; });
  }

  TcpSink sink;
  std::unique_ptr<SinkWriter> writer;
};

inline std::string record(std::uint64_t number, std::size_t size) {
  std::string text = fmt::format("{} ", number);
  text.resize(std::max(text.size(), size), '.');
  return text + "\n";
}

}  // namespace wallaroo::internal
