#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "giles/framing.hpp"
#include "giles/net.hpp"
#include "giles/receiver.hpp"
#include "giles/sender.hpp"
#include "giles/stamp.hpp"
#include "giles/stop.hpp"

namespace wallaroo::giles {

// Sends stamped records at a fixed rate to an application and receives what it passes on.
struct LatencyRun {
  Address send_to;
  ListenOptions listen;
  std::uint64_t rate = 1;
  std::uint64_t measured_ns = 10'000'000'000;
  std::uint64_t warmup_ns = 0;
  std::uint64_t drain_ns = 10'000'000'000;  // for the last records to come back
  std::uint64_t connections = 1;
  std::uint64_t connect_timeout_ns = 10'000'000'000;
  std::uint64_t spin_ns = 0;
  StampedRecord record;
  Framing::Kind framing = Framing::Kind::kLengthPrefixed;
  bool quiet = false;

  std::uint64_t records() const;
};

struct LatencyResult {
  SendResult sent;
  ReceivePlan receive_plan;  // for problems()
  ReceiveResult received;
};

// Sends on one thread and receives on the calling one. Calls `listening` with the address as soon
// as peers can connect to it. Throws RuntimeError when the run cannot begin; later failures are in
// the results. Returns nothing when it is stopped before it begins.
std::optional<LatencyResult> run_latency(
    const LatencyRun& run, StopRequest& stop,
    const std::function<void(const std::string& address)>& listening);

// The part of a plan that sends stamped records; `run` and `giles send --latency` share it.
struct StampedPlan {
  StampedRecord record;
  Framing::Kind framing;
  Schedule schedule;
};
void send_stamped(const StampedPlan& stamped, SendPlan& plan);

}  // namespace wallaroo::giles
