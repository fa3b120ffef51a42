#include "giles/latency_run.hpp"

#include <thread>
#include <utility>

namespace wallaroo::giles {
namespace {

// An application whose sink connects only when it has something to send must not wait for ever.
constexpr std::uint64_t kWaitForSink_ns = 1'000'000'000;

SendPlan send_plan(const LatencyRun& run) {
  SendPlan plan;
  plan.host = run.send_to;
  plan.connections = run.connections;
  plan.connect_timeout_ns = run.connect_timeout_ns;
  plan.total = run.records();
  plan.spin_ns = run.spin_ns;
  plan.quiet = true;
  send_stamped({run.record, run.framing, Schedule::per_second(run.rate, 1)}, plan);
  return plan;
}

ReceivePlan receive_plan(const LatencyRun& run) {
  ReceivePlan plan;
  plan.listen = run.listen;
  plan.framing.kind = run.framing;
  plan.expect = run.records();
  plan.timeout_ns = run.warmup_ns + run.measured_ns + run.drain_ns;
  plan.latency = true;
  plan.warmup_ns = run.warmup_ns;
  plan.quiet = run.quiet;
  return plan;
}

}  // namespace

std::uint64_t LatencyRun::records() const {
  return Schedule::per_second(rate, 1).due_count(warmup_ns + measured_ns - 1);
}

void send_stamped(const StampedPlan& stamped, SendPlan& plan) {
  plan.framing = {.kind = stamped.framing};
  plan.schedule = stamped.schedule;
  plan.punctual = true;
  plan.make_lanes = [stamped, connections = plan.connections](std::uint64_t start_ns) {
    return stamped_lanes({stamped.record, stamped.framing, stamped.schedule, start_ns},
                         connections);
  };
}

std::optional<LatencyResult> run_latency(
    const LatencyRun& run, StopRequest& stop,
    const std::function<void(const std::string& address)>& listening) {
  LatencyResult result;
  result.receive_plan = receive_plan(run);
  Receiver receiver(result.receive_plan, stop);
  listening(receiver.address());
  Sender sender(send_plan(run), stop);
  if (!sender.connect()) return std::nullopt;
  receiver.wait_for_peer(kWaitForSink_ns);
  std::exception_ptr broken;
  std::thread sending([&] {
    try {
      result.sent = sender.run();
    } catch (...) {
      broken = std::current_exception();
    }
    // Without a sender the records still missing will never come.
    if (broken || result.sent.failure) stop.request();
  });
  result.received = receiver.run();
  // Without a receiver there is nobody to send for.
  if (result.received.records < run.records()) stop.request();
  sending.join();
  if (broken) std::rethrow_exception(broken);
  return result;
}

}  // namespace wallaroo::giles
