// The messages of the protocol by which Wallaroo 0.6 pushes metrics to a receiver.
// docs/formats/metrics-push.md describes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace wallaroo::internal {

/// A histogram of one period: it says how often values occurred, by the bit length of the value in
/// nanoseconds (0 is in bin 0, 1 in bin 1, 2 and 3 in bin 2, ...).
struct PushHistogram {
  static constexpr std::size_t bins = 65;

  std::array<std::uint64_t, bins> in_bin{};
  std::uint64_t min_ns = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ns = 0;
};

/// Names the thing that a histogram is about.
struct PushName {
  std::string name;
  std::string category;
  std::string pipeline;
  std::uint16_t id = 0;  ///< position in the pipeline
};

struct PushPeriod {
  std::uint64_t length_ns = 0;
  std::uint64_t end_ns = 0;  ///< since the epoch
};

/// The worker that sends, and the topic to which it does.
struct PushSender {
  std::string topic;
  std::string worker;
};

/// The first message of a connection.
std::string push_connect();
/// The second message of a connection.
std::string push_join(const PushSender& sender);
/// One histogram.
std::string push_payload(const PushSender& sender, const PushName& about,
                         const PushHistogram& histogram, const PushPeriod& period);

}  // namespace wallaroo::internal
