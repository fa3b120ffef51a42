// Shared by the tests of sinks: a loop with its clock, metrics and log, and batches of records.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "io/event_loop.hpp"
#include "metrics/engine_metrics.hpp"
#include "record/batch.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// The surroundings of one writer, on the test's own thread.
template <class ClockType>
struct SinkWorld {
  ClockType clock;
  EventLoop loop{clock};
  SinkMetrics metrics;
  std::vector<std::string> log_lines;
  Log log{LogLevel::info,
          [this](LogLevel, std::string_view text) { log_lines.emplace_back(text); }};

  WriterContext context(TransactionListener* transactions = nullptr) {
    return {loop, clock, log, metrics, transactions};
  }

  /// Polls until the condition holds; false when it does not within half a minute.
  bool poll_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return false;
      }
      loop.poll(std::chrono::milliseconds(1));
    }
    return true;
  }

  std::size_t lines_with(std::string_view text) const {
    std::size_t count = 0;
    for (const std::string& line : log_lines) {
      count += line.find(text) != std::string::npos ? 1 : 0;
    }
    return count;
  }
};

inline void add_record(ByteBatch& batch, std::string_view record) {
  batch.bytes += record;
  batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
}

inline std::unique_ptr<ByteBatch> batch_of(const std::vector<std::string>& records,
                                           std::int64_t ingest_ns = 0) {
  auto batch = std::make_unique<ByteBatch>();
  for (const std::string& record : records) {
    add_record(*batch, record);
  }
  batch->ingest_ns = ingest_ns;
  return batch;
}

}  // namespace wallaroo::internal
