// Lets a test harness see records before they are encoded, and put records in place of frames.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/objects/record.hpp"

namespace wallaroo::python {

/// Encoders and decoders that a harness reaches leave records here, and take records from here.
struct TestTaps {
  std::map<std::string, std::vector<PyRecord>> records;  ///< by the name of the sink
  std::optional<PyRecord> pushed;  ///< the record that the next frame stands for
};

/// The taps of the harness that works on this thread; null outside of a harness. Without a
/// destructor, so that looking at it costs no call.
extern constinit thread_local TestTaps* taps_of_thread [[gnu::tls_model("initial-exec")]];

inline TestTaps*& test_taps() { return taps_of_thread; }

/// Sets the taps of this thread while it exists.
class UseTaps {
 public:
  explicit UseTaps(TestTaps& taps) : before_(std::exchange(test_taps(), &taps)) {}
  ~UseTaps() { test_taps() = before_; }
  UseTaps(const UseTaps&) = delete;
  UseTaps& operator=(const UseTaps&) = delete;

 private:
  TestTaps* before_;
};

}  // namespace wallaroo::python
