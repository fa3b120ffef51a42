// Collects the outputs of a query: in a checksum when it is timed, as lines when it is checked.
//
// An output type O has `std::uint64_t digest_of(const O&)` and `std::string line_of(const O&)`,
// found by its namespace. The digest may depend on nothing that depends on the order in which
// executors met the events. Where a later output replaces an earlier one, `std::string
// replaced_by(const O&)` is equal for the two. They belong to one key, so one sink sees them in
// order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ours/fold.hpp"

namespace wallaroo::bench::nexmark {

struct Results {
  bool keep_lines = false;
  std::atomic<std::uint64_t> checksum{0};

  std::mutex mutex;  // guards lines
  std::vector<std::string> lines;
};

template <class Output>
concept Replaceable = requires(const Output& output) {
  replaced_by(output);
};

template <class Output>
struct SumDigests : Fold {
  using Fold::Fold;
  void operator()(const Output& output) { add(digest_of(output)); }
};

/// Copied to every executor; a copy hands its lines over at the end of its stream.
template <class Output>
class KeepLines {
 public:
  explicit KeepLines(Results& results) : results_(&results) {}

  void operator()(const Output& output) {
    if constexpr (Replaceable<Output>) {
      last_[replaced_by(output)] = line_of(output);
    } else {
      lines_.push_back(line_of(output));
    }
  }
  void finish() {
    const std::lock_guard lock(results_->mutex);
    std::move(lines_.begin(), lines_.end(), std::back_inserter(results_->lines));
    for (auto& [key, text] : last_) {
      results_->lines.push_back(std::move(text));
    }
  }

 private:
  Results* results_;
  std::vector<std::string> lines_;
  std::map<std::string, std::string> last_;
};

/// Ends a query's pipeline.
template <class Stream>
void to_results(Stream&& stream, Results& results) {
  using Output = typename std::remove_cvref_t<Stream>::Record;
  if (results.keep_lines) {
    std::forward<Stream>(stream).to_sink("lines",
                                         concurrent_callback_sink(KeepLines<Output>(results)));
  } else {
    std::forward<Stream>(stream).to_sink(
        "digests", concurrent_callback_sink(SumDigests<Output>(results.checksum)));
  }
}

}  // namespace wallaroo::bench::nexmark
