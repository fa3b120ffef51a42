// For tests: executors that drive one source on the test's own thread, and a client to talk to it.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <wallaroo/types/connector_options.hpp>

#include "io/socket.hpp"
#include "source/source.hpp"

namespace wallaroo::internal::testing_support {

/// Options of a TCP source on a port that the kernel chooses.
inline TcpSourceOptions listening(Framing framing, std::size_t max_frame_bytes = 1 << 20) {
  return {
      .listen = "127.0.0.1:0", .framing = std::move(framing), .max_frame_bytes = max_frame_bytes};
}

struct Received {
  std::string origin;
  std::uint64_t position;
  std::string record;
};

class CollectingReceiver final : public BatchReceiver {
 public:
  void receive(Batch& batch) override {
    auto& frames = static_cast<FrameBatch&>(batch);
    EXPECT_GT(frames.size(), 0U);
    EXPECT_LE(frames.size(), most);
    EXPECT_FALSE(frames.pins.empty());
    ++batches;
    last_ingest_ns = batch.ingest_ns;
    std::uint64_t position = frames.first_position;
    if (keeps_times) {
      times[batch.partition] = std::stoll(std::string(frames.frames.back()));
    }
    for (const std::string_view frame : frames.frames) {
      received.push_back({std::string(frames.origin), position++, std::string(frame)});
    }
    if (on_batch) {
      on_batch();
    }
  }
  bool blocked() const override { return is_blocked; }
  std::size_t most_records() const override { return most; }
  void open_partition(std::uint64_t partition) override {
    EXPECT_TRUE(open.insert(partition).second);
    awaited.erase(partition);
  }
  void end_partition(std::uint64_t partition) override { EXPECT_EQ(open.erase(partition), 1U); }
  void leave_partition(std::uint64_t partition) override {
    EXPECT_EQ(open.erase(partition), 1U);
    awaited.insert(partition);
  }
  void forget_partition(std::uint64_t partition) override {
    EXPECT_EQ(awaited.erase(partition), 1U);
  }
  /// As with event time, where each record is a number and is its own time.
  std::optional<std::uint64_t> partition_behind() const override {
    const auto time = [&](std::uint64_t partition) {
      const auto found = times.find(partition);
      return found == times.end() ? -1 : found->second;
    };
    const auto behind = std::min_element(open.begin(), open.end(),
                                         [&](auto a, auto b) { return time(a) < time(b); });
    return keeps_times && behind != open.end() ? std::optional(*behind) : std::nullopt;
  }

  std::set<std::uint64_t> open;     ///< partitions
  std::set<std::uint64_t> awaited;  ///< partitions that were left
  std::vector<Received> received;
  bool keeps_times = false;
  std::map<std::uint64_t, std::int64_t> times;
  std::size_t batches = 0;
  std::int64_t last_ingest_ns = 0;
  bool is_blocked = false;
  std::size_t most = max_batch_records;
  std::function<void()> on_batch;
};

class NoRefusals final : public Refusals {
 public:
  void refuse(std::string_view error, std::string record) override {
    ADD_FAILURE() << record << ": " << error;
  }
  void flush() override {}
};

struct TestExecutor {
  TestExecutor(const Clock& clock, const Log& log)
      : loop(clock), context{loop, clock, log, metrics, receiver, refusals} {}

  EventLoop loop;
  SourceMetrics metrics;
  CollectingReceiver receiver;
  NoRefusals refusals;
  ReaderContext context;
  std::unique_ptr<SourceReader> reader;
};

class SourceRig {
 public:
  explicit SourceRig(Source& source, int executors = 1, bool checkpoints = false,
                     const std::optional<std::vector<SourcePosition>>& restored = std::nullopt) {
    source.open();
    if (restored) {
      source.restore(*restored);
    }
    for (int i = 0; i < executors; ++i) {
      executors_.push_back(std::make_unique<TestExecutor>(clock, log));
      at(i).context.checkpoints = checkpoints;
    }
    for (int i = 0; i < executors; ++i) {
      at(i).reader = source.reader(i, executors, at(i).context);
    }
    for (int i = 0; i < executors; ++i) {
      at(i).reader->start();
    }
  }

  TestExecutor& at(int i) { return *executors_[static_cast<std::size_t>(i)]; }
  CollectingReceiver& receiver() { return at(0).receiver; }
  SourceMetrics& metrics() { return at(0).metrics; }

  /// Gives every executor a turn. Returns true if one of them had something to do.
  bool step(std::chrono::nanoseconds wait = std::chrono::nanoseconds(0)) {
    bool worked = false;
    for (auto& each : executors_) {
      each->loop.poll(wait);
      if (each->reader && !each->receiver.is_blocked) {
        worked = each->reader->poll() || worked;
      }
    }
    return worked;
  }
  /// Gives turns until `done`; fails the test if that takes unreasonably long.
  void run_until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      if (!step(std::chrono::microseconds(200)) && std::chrono::steady_clock::now() > give_up) {
        FAIL() << "nothing happens any more";
      }
    }
  }
  void run_until_received(std::size_t records) {
    run_until([&] { return total_received() >= records; });
  }
  std::size_t total_received() const {
    std::size_t total = 0;
    for (const auto& each : executors_) {
      total += each->receiver.received.size();
    }
    return total;
  }
  std::int64_t connections() const {
    std::int64_t total = 0;
    for (const auto& each : executors_) {
      total += each->metrics.connections.value();
    }
    return total;
  }
  std::vector<std::string> records() const {
    std::vector<std::string> records;
    for (const auto& each : executors_) {
      for (const Received& received : each->receiver.received) {
        records.push_back(received.record);
      }
    }
    return records;
  }
  std::vector<std::string> records_from(const std::string& origin) const {
    std::vector<std::string> records;
    for (const auto& each : executors_) {
      for (const Received& received : each->receiver.received) {
        if (received.origin == origin) {
          EXPECT_EQ(received.position, records.size());
          records.push_back(received.record);
        }
      }
    }
    return records;
  }
  std::size_t count_logged(std::string_view part) const {
    return static_cast<std::size_t>(std::count_if(
        logged.begin(), logged.end(),
        [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  ManualClock clock;
  std::vector<std::string> logged;
  Log log{LogLevel::info, [this](LogLevel, std::string_view text) { logged.emplace_back(text); }};

 private:
  std::vector<std::unique_ptr<TestExecutor>> executors_;
};

/// A TCP connection to a source.
class TestClient {
 public:
  explicit TestClient(const std::string& address) {
    Connecting connecting = start_connect(*numeric_address(parse_host_port(address)));
    EXPECT_EQ(connecting.error, 0);
    socket_ = std::move(connecting.socket);
    while (finish_connect(socket_.get()) == EINPROGRESS) {
    }
    EXPECT_EQ(finish_connect(socket_.get()), 0);
  }
  std::string name() const { return local_address(socket_.get()).to_string(); }

  /// Sends all of it while the source reads.
  void send(SourceRig& rig, std::string_view bytes) {
    rig.run_until([&] {
      const IoResult result = send_some(socket_.get(), bytes);
      EXPECT_TRUE(result.error == 0 || result.would_block()) << result.error;
      bytes.remove_prefix(result.bytes);
      return bytes.empty();
    });
  }
  IoResult try_send(std::string_view bytes) { return send_some(socket_.get(), bytes); }
  /// Takes the bytes that have arrived.
  std::string take() {
    std::string bytes(64 * 1024, ' ');
    bytes.resize(receive_some(socket_.get(), bytes.data(), bytes.size()).bytes);
    return bytes;
  }
  void send_end() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }
  void reset_connection() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    socket_.reset();
  }
  /// Whether the source has closed the connection.
  bool closed_by_peer() {
    char byte = 0;
    const IoResult result = receive_some(socket_.get(), &byte, 1);
    return result.at_end() || (result.error != 0 && !result.would_block());
  }

 private:
  FileDescriptor socket_;
};

}  // namespace wallaroo::internal::testing_support
