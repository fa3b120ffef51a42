// Decides which records are timed: about one per millisecond, at each function that it reaches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

/// A function of the user's in a chain, and whether its next call is to be timed.
struct SampledCall {
  explicit SampledCall(LatencyHistogram& its_latency) : latency(&its_latency) {}
  SampledCall(const SampledCall&) = delete;
  SampledCall& operator=(const SampledCall&) = delete;

  LatencyHistogram* latency;
  bool due = false;
};

/// For the chain of one segment on one executor. Each millisecond all its functions become due, and
/// each stays due until it has been called: behind a filter that may take long. While some are,
/// records go through a copy of the loop that asks at each function. That copy is slower, so that
/// what goes through it is paid for with time that has passed: all records where they are slow or
/// rare, one in so many where they are fast.
///
/// The clock is read each half millisecond of work, whose length in records is known from the last
/// time, and never seldom enough to miss that records have become slow.
class Sampler {
 public:
  static constexpr std::int64_t period_ns = 1'000'000;

  void add(SampledCall& call) { calls_.push_back(&call); }

  /// Before the records of a batch, which is not empty. `clock()` is what time it is.
  template <class Clock>
  void begin_batch(std::int64_t ingest_ns, std::size_t records, Clock&& clock) {
    // Where records are rare, those that were counted do not tell how much time has passed.
    if (ingest_ns - batch_ns_ >= period_ns) [[unlikely]] {
      batch_ns_ = ingest_ns;
      until_look_ = std::min(until_look_, random() % records);
    } else if (until_look_ < records && records <= span_) [[unlikely]] {
      look_between_batches(clock(), records);
    }
  }
  /// So many records may pass before `look` is to be called.
  std::size_t until_look() const { return until_look_; }
  void passed(std::size_t records) {
    until_look_ -= records;
    passed_ += records;
  }
  void look(std::int64_t now_ns);
  /// How many of these records are next before another look; they are taken for passed.
  template <class Clock>
  std::ptrdiff_t take_part(std::ptrdiff_t records, Clock&& clock) {
    if (until_look_ == 0) [[unlikely]] {
      look(clock());
    }
    const std::ptrdiff_t part = std::min(records, static_cast<std::ptrdiff_t>(until_look_));
    passed(static_cast<std::size_t>(part));
    return part;
  }

  /// Some function is due, and there is time to ask for it with the next record.
  bool wants_record() const { return due_ != 0 && credit_ != 0; }
  void spend() { --credit_; }
  /// A call that was due is made.
  void took() { --due_; }

 private:
  static constexpr std::size_t most_until_look = 4096;
  static constexpr std::int64_t ns_per_credit = 64;
  static constexpr std::int64_t most_credit = 65'536;

  void look_between_batches(std::int64_t now_ns, std::size_t records);
  void make_due(std::int64_t now_ns);
  /// Where in a batch a look comes must not follow from where batches begin.
  std::size_t random() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(random_ >> 33);
  }

  std::vector<SampledCall*> calls_;
  std::size_t due_ = 0;
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

/// A batch of fast records is not cut in two for a look that finds nothing due: a loop over records
/// that begins elsewhere each time is predicted less well.
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
  for (SampledCall* const call : calls_) {
    call->due = true;
  }
  due_ = calls_.size();
}

}  // namespace wallaroo::internal
