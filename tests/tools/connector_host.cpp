// A connector source with checkpoints and no pipeline: its records become lines of a file.
//
//   connector_host HOST:PORT FOLDER
//
// FOLDER/lines has the records, FOLDER/checkpoint the last complete checkpoint: its number, how
// much of `lines` belongs to it, and the positions. After a kill at any moment it goes on from
// there when it is started again. SIGTERM ends it after a last checkpoint.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/connector/connector_source.hpp"

namespace {

using namespace wallaroo;
using namespace wallaroo::internal;

constexpr int executors = 2;

volatile std::sig_atomic_t told_to_stop = 0;

class Lines final : public BatchReceiver {
 public:
  void receive(Batch& batch) override {
    for (const std::string_view frame : static_cast<FrameBatch&>(batch).frames) {
      lines.append(frame).append("\n");
    }
  }
  bool blocked() const override { return false; }

  std::string lines;
};

class NoRefusals final : public Refusals {
 public:
  void refuse(std::string_view error, std::string record) override {
    std::cerr << record << ": " << error << '\n';
  }
  void flush() override {}
};

struct Share {
  Share(const Clock& clock, const Log& log)
      : loop(clock), context{loop, clock, log, metrics, receiver, refusals, true} {}

  EventLoop loop;
  SourceMetrics metrics;
  Lines receiver;
  NoRefusals refusals;
  ReaderContext context;
  std::unique_ptr<SourceReader> reader;
};

/// The content of the folder.
class Store {
 public:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) { load(); }

  std::uint64_t number() const { return number_; }
  const std::vector<SourcePosition>& positions() const { return positions_; }

  /// After a crash before the renaming the old checkpoint holds.
  void publish(std::string_view lines, const std::vector<SourcePosition>& positions) {
    std::ofstream(folder_ / "lines", std::ios::app | std::ios::binary) << lines;
    lines_bytes_ += lines.size();
    ++number_;
    {
      std::ofstream file(folder_ / "checkpoint.new", std::ios::binary);
      file << number_ << ' ' << lines_bytes_ << ' ' << positions.size() << '\n';
      for (const SourcePosition& each : positions) {
        file << each.partition.size() << ' ' << each.bytes.size() << ' ' << each.partition
             << each.bytes << '\n';
      }
    }
    std::filesystem::rename(folder_ / "checkpoint.new", folder_ / "checkpoint");
  }

 private:
  void load() {
    std::size_t count = 0;
    std::ifstream file(folder_ / "checkpoint", std::ios::binary);
    if (!(file >> number_ >> lines_bytes_ >> count)) {
      std::ofstream(folder_ / "lines", std::ios::binary);
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      SourcePosition& position = positions_.emplace_back();
      std::size_t name_bytes = 0;
      std::size_t bytes = 0;
      file >> name_bytes >> bytes;
      file.get();
      position.partition.resize(name_bytes);
      file.read(position.partition.data(), static_cast<std::streamsize>(name_bytes));
      position.bytes.resize(bytes);
      file.read(position.bytes.data(), static_cast<std::streamsize>(bytes));
    }
    std::filesystem::resize_file(folder_ / "lines", lines_bytes_);
  }

  std::filesystem::path folder_;
  std::uint64_t number_ = 0;
  std::uint64_t lines_bytes_ = 0;
  std::vector<SourcePosition> positions_;
};

class Host {
 public:
  Host(const std::string& address, Store store)
      : store_(std::move(store)),
        source_("feed", {.listen = address, .cookie = "cookie", .max_credits = 50}) {
    source_.open();
    source_.restore(store_.positions());
    for (int i = 0; i < executors; ++i) {
      shares_.push_back(std::make_unique<Share>(clock_, log_));
    }
    for (int i = 0; i < executors; ++i) {
      share(i).reader = source_.reader(i, executors, share(i).context);
      share(i).reader->start();
    }
    std::cout << "listening on " << source_.address() << std::endl;
  }

  void run() {
    while (told_to_stop == 0) {
      turn_for(std::chrono::milliseconds(15));
      checkpoint();
    }
    for (int i = 0; i < executors; ++i) {
      share(i).reader->stop();
    }
    while (!finished()) {
      turn();
    }
    checkpoint();
  }

 private:
  Share& share(int i) { return *shares_[static_cast<std::size_t>(i)]; }
  bool finished() { return share(0).reader->finished() && share(1).reader->finished(); }
  void turn() {
    for (int i = 0; i < executors; ++i) {
      share(i).loop.poll(std::chrono::microseconds(200));
      share(i).reader->poll();
    }
  }
  void turn_for(std::chrono::nanoseconds time) {
    const std::int64_t end_ns = clock_.now_ns() + time.count();
    while (clock_.now_ns() < end_ns) {
      turn();
    }
  }
  /// Each executor has its barrier at a different moment.
  void checkpoint() {
    const std::uint64_t number = store_.number() + 1;
    std::vector<SourcePosition> positions;
    std::string lines;
    for (int i = 0; i < executors; ++i) {
      for (SourcePosition& each : share(i).reader->save(number)) {
        positions.push_back(std::move(each));
      }
      lines += std::exchange(share(i).receiver.lines, {});
      turn();
    }
    store_.publish(lines, positions);
    for (int i = 0; i < executors; ++i) {
      share(i).reader->completed(number);
    }
  }

  Store store_;
  ConnectorSource source_;
  SteadyClock clock_;
  Log log_{LogLevel::info, [](LogLevel, std::string_view text) { std::cerr << text << std::endl; }};
  std::vector<std::unique_ptr<Share>> shares_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: connector_host HOST:PORT FOLDER\n";
    return 2;
  }
  std::signal(SIGTERM, [](int) { told_to_stop = 1; });
  try {
    Host(argv[1], Store(argv[2])).run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
