#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "giles/framing.hpp"
#include "giles/incoming.hpp"
#include "giles/latency_histogram.hpp"
#include "giles/net.hpp"
#include "giles/poller.hpp"
#include "giles/progress.hpp"
#include "giles/record_output.hpp"
#include "giles/schedule.hpp"
#include "giles/stop.hpp"

namespace wallaroo::giles {

struct ReceivePlan {
  ListenOptions listen;
  Framing framing;
  std::uint64_t max_record_bytes = 16 << 20;
  std::string output;                       // file, "-" is standard output, empty for none
  std::optional<std::uint64_t> expect;      // records; the run ends when they have arrived
  std::uint64_t settle_ns = 0;              // then waits this long to see whether more arrive
  std::optional<std::uint64_t> timeout_ns;  // ends the run
  bool keep_open = false;                   // do not end when all peers have closed
  bool never_read = false;
  std::optional<std::uint64_t> throttle;  // records per second at most
  bool latency = false;                   // records carry stamps (stamp.hpp)
  std::uint64_t warmup_ns = 0;  // of latencies: stamps this close to the first are left out
  bool quiet = false;
};

struct ReceiveResult {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t connections = 0;
  std::uint64_t duration_ns = 0;  // from the first bytes to the last
  std::uint64_t warmup_records = 0;
  std::uint64_t bad_stamps = 0;       // records without a stamp, or with one of the future
  std::uint64_t cut_connections = 0;  // ended inside a record
  std::uint64_t reset_connections = 0;
  bool stopped = false;
  bool timed_out = false;
  std::optional<std::string> failure;  // bytes that cannot be records, or output that fails
  LatencyHistogram latency;

  double records_per_second() const;
  double bytes_per_second() const;
};

// Accepts connections and counts the records that come over them. One thread; blocks in epoll.
class Receiver {
 public:
  // Opens the output and listens. Throws RuntimeError.
  Receiver(ReceivePlan plan, const StopRequest& stop);

  std::string address() const { return local_address(listener_.get()); }

  // Waits until a peer has connected, at most this long.
  void wait_for_peer(std::uint64_t timeout_ns);

  // Call once. Ends as the plan says, or when a stop is requested.
  ReceiveResult run();

 private:
  void loop();
  bool finished(std::uint64_t now);
  std::uint64_t wait_ns(std::uint64_t now) const;
  void take_events(std::uint64_t timeout_ns);
  void accept_all();
  void read_once(Incoming& incoming);
  void take(Incoming& incoming, std::string_view piece);
  void take_latencies(std::string_view records, std::uint64_t now);
  void close(Incoming& incoming);
  void close_all();

  ReceivePlan plan_;
  const StopRequest& stop_;
  std::optional<RecordOutput> output_;
  UniqueFd listener_;
  Poller poller_;
  std::unordered_map<int, Incoming> incoming_;
  std::vector<char> buffer_;
  std::optional<Progress> progress_;
  std::optional<Schedule> throttle_;
  ReceiveResult result_;
  std::uint64_t start_ns_ = 0;
  std::uint64_t first_bytes_ns_ = 0;
  std::uint64_t last_bytes_ns_ = 0;
  std::uint64_t paused_until_ns_ = 0;
  std::optional<std::uint64_t> complete_ns_;  // when the expected records had arrived
  std::optional<std::uint64_t> first_stamp_ns_;
};

// The ways in which the result is not what the plan wanted; empty when all is well.
std::vector<std::string> problems(const ReceivePlan& plan, const ReceiveResult& result);

}  // namespace wallaroo::giles
