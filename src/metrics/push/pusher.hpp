// Pushes metrics to a receiver, on a thread of its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "metrics/push/push_message.hpp"
#include "metrics/push/push_series.hpp"

namespace wallaroo::internal {

struct PusherSettings {
  std::string host;  ///< of the receiver; a name or a numeric address
  std::string port;
  PushSender sender;
  /// Periods end at multiples of this since the epoch.
  std::chrono::nanoseconds period = std::chrono::seconds(2);
  /// From the end of a connection, or the failure to get one, to the next attempt.
  std::chrono::nanoseconds retry = std::chrono::milliseconds(250);
};

/// Sends a histogram for each source at the end of each period. A receiver that cannot be reached
/// is tried again for as long as the pusher runs. Periods that end without a connection are not
/// sent, and neither are those that end while the receiver has not taken the one before the last.
class Pusher {
 public:
  /// Everything to which the sources refer, and `log`, must outlive the pusher.
  Pusher(PusherSettings settings, std::vector<PushSource> sources, const Log& log);
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;
  ~Pusher();

  void start();
  /// Sends what the present period has so far, for which a receiver gets at most 200 ms, closes the
  /// connection, and joins the thread.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
