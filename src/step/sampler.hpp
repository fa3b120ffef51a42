// Decides which calls of functions are timed: about one per millisecond for each function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

/// A function of the user in a chain, and whether its next call is to be timed.
struct SampledCall {
  explicit SampledCall(LatencyHistogram& its_latency) : latency(&its_latency) {}
  SampledCall(const SampledCall&) = delete;
  SampledCall& operator=(const SampledCall&) = delete;

  LatencyHistogram* latency;
  bool due = false;
  bool of_records = true;  ///< called for records, not when windows or timers fire
};

/// Serves the chain of one segment on one executor. Each millisecond all its functions become due,
/// and each stays due until it has been called, which may take long behind a filter. While a
/// function is due, records may go through a copy of the loop that asks at each function. That copy
/// is slower, so each record that takes it costs credit, which passing time earns: slow or rare
/// records all take it, of fast ones only one in many.
///
/// The clock is read about every half millisecond of work. The number of records until then is
/// estimated from the last time, and limited, so that records that become slow are noticed.
class Sampler {
 public:
  static constexpr std::int64_t period_ns = 1'000'000;

  void add(SampledCall& call) { calls_.push_back(&call); }
  /// Adds a function that is called when windows or timers fire. Firing always asks whether it is
  /// due, so no record has to wait for it in the loop that asks.
  void add_firing(SampledCall& call) {
    call.of_records = false;
    add(call);
  }

  /// Call before the records of a batch, which must not be empty. `clock()` returns the time.
  template <class Clock>
  void begin_batch(std::int64_t ingest_ns, std::size_t records, Clock&& clock) {
    // When records are rare, their number does not tell how much time has passed.
    if (ingest_ns - batch_ns_ >= period_ns) [[unlikely]] {
      batch_ns_ = ingest_ns;
      until_look_ = std::min(until_look_, random() % records);
    } else if (until_look_ < records && records <= span_) [[unlikely]] {
      look_between_batches(clock(), records);
    }
  }
  /// How many records may pass before `look` must be called.
  std::size_t until_look() const { return until_look_; }
  void passed(std::size_t records) {
    until_look_ -= records;
    passed_ += records;
  }
  void look(std::int64_t now_ns);
  /// Returns how many of these records to process before the next look, and counts them as passed.
  template <class Clock>
  std::ptrdiff_t take_part(std::ptrdiff_t records, Clock&& clock) {
    if (until_look_ == 0) [[unlikely]] {
      look(clock());
    }
    const std::ptrdiff_t part = std::min(records, static_cast<std::ptrdiff_t>(until_look_));
    passed(static_cast<std::size_t>(part));
    return part;
  }

  /// True when a function is due and there is credit, so that the next record should be timed.
  bool wants_record() const { return due_ != 0 && credit_ != 0; }
  void spend() { --credit_; }
  /// Tells that a call that was due has been timed.
  void took(SampledCall& call) {
    call.due = false;
    due_ -= call.of_records ? 1 : 0;
  }

 private:
  static constexpr std::size_t most_until_look = 4096;
  static constexpr std::int64_t ns_per_credit = 640;
  static constexpr std::int64_t most_credit = 65'536;

  void look_between_batches(std::int64_t now_ns, std::size_t records);
  void make_due(std::int64_t now_ns);
  /// A random number, so that the position of a look does not depend on where batches begin.
  std::size_t random() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(random_ >> 33);
  }

  std::vector<SampledCall*> calls_;
  std::size_t due_ = 0;  ///< functions that are called for records and are due
  std::int64_t credit_ = 0;
  std::size_t until_look_ = 0;
  std::size_t span_ = 1;    ///< records between two looks, on average
  std::size_t passed_ = 0;  ///< records since the last look
  std::int64_t looked_ns_ = 0;
  std::int64_t next_due_ns_ = 0;
  std::int64_t batch_ns_ = 0;
  std::uint64_t random_ = 1;
};

inline void Sampler::look(std::int64_t now_ns) {
  const std::int64_t elapsed_ns = std::max<std::int64_t>(1, now_ns - looked_ns_);
  looked_ns_ = now_ns;
  credit_ = std::min(credit_ + elapsed_ns / ns_per_credit + 1, most_credit);
  const auto in_half_a_period = static_cast<std::size_t>(
      static_cast<double>(passed_) * (period_ns / 2.0) / static_cast<double>(elapsed_ns));
  span_ = std::clamp<std::size_t>(in_half_a_period, 1, std::min(8 * span_, most_until_look));
  passed_ = 0;
  until_look_ = span_ / 2 + random() % span_ + 1;
  if (now_ns >= next_due_ns_) {
    make_due(now_ns);
  }
}

/// Looks before a batch of fast records, so that the batch is not cut in two when nothing is due: a
/// loop that begins elsewhere each time is predicted less well.
inline void Sampler::look_between_batches(std::int64_t now_ns, std::size_t records) {
  if (now_ns >= next_due_ns_) {
    until_look_ = random() % records;
  } else {
    look(now_ns);
    until_look_ += records;
  }
}

inline void Sampler::make_due(std::int64_t now_ns) {
  next_due_ns_ = now_ns + period_ns;
  due_ = 0;
  for (SampledCall* const call : calls_) {
    call->due = true;
    due_ += call->of_records ? 1 : 0;
  }
}

}  // namespace wallaroo::internal
