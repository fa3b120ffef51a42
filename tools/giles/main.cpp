#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include "giles/error.hpp"
#include "giles/flags.hpp"
#include "giles/latency_run.hpp"
#include "giles/message_source.hpp"
#include "giles/net.hpp"
#include "giles/report.hpp"
#include "giles/stop.hpp"
#include "giles/units.hpp"

namespace wallaroo::giles {
namespace {

// Prints each problem; returns the exit code.
int complain(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) fmt::print(stderr, "giles: {}\n", problem);
  return problems.empty() ? 0 : 1;
}

void prepare_files(SendCommand& command) {
  SendPlan& plan = command.plan;
  auto messages = std::make_shared<FileMessages>(load_messages(command.file_format, command.files),
                                                 plan.connections, command.repeat);
  if (messages->count() == 0 && command.repeat) {
    throw RuntimeError("the files hold no messages, so there is nothing to repeat");
  }
  if (!command.repeat) {
    if (command.messages.value_or(0) > messages->count()) {
      fmt::print(stderr, "giles: the files hold {} messages; with --repeat they are sent again\n",
                 messages->count());
    }
    plan.total = std::min(plan.total, messages->count());
  }
  plan.make_lanes = [messages](std::uint64_t) { return file_lanes(*messages); };
}

void prepare(SendCommand& command) {
  SendPlan& plan = command.plan;
  if (command.stamped) {
    send_stamped(*command.stamped, plan);
  } else if (!command.files.empty()) {
    prepare_files(command);
  } else {
    plan.make_lanes = [u64 = command.u64, first = command.start_from, framing = plan.framing.kind,
                       connections = plan.connections](std::uint64_t) {
      return u64 ? u64_lanes(first, connections) : counter_lanes(first, framing, connections);
    };
  }
}

int send(SendCommand command) {
  StopRequest stop;
  prepare(command);
  Sender sender(std::move(command.plan), stop);
  if (!sender.connect()) return complain({"stopped before a connection was made"});
  const SendResult result = sender.run();
  print_summary(stdout, result);
  if (!command.json.empty()) write_json(command.json, &result, nullptr);
  if (result.failure) return complain({*result.failure});
  return 0;
}

void announce(std::FILE* out, const std::string& address) {
  fmt::print(out, "listening on {}\n", address);
  std::fflush(out);
}

int receive(const ReceiveCommand& command) {
  StopRequest stop;
  Receiver receiver(command.plan, stop);
  std::FILE* const report = command.plan.output == "-" ? stderr : stdout;
  announce(report, receiver.address());
  const ReceiveResult result = receiver.run();
  print_summary(report, result);
  if (command.plan.latency) print_latency(report, "latency", result.latency);
  if (!command.json.empty()) write_json(command.json, nullptr, &result);
  std::vector<std::string> found = problems(command.plan, result);
  if (command.min_rate && result.records_per_second() < static_cast<double>(*command.min_rate)) {
    found.push_back(
        fmt::format("{}/s is below --min-rate {}/s",
                    format_count(static_cast<std::uint64_t>(result.records_per_second())),
                    format_count(*command.min_rate)));
  }
  return complain(found);
}

int latency(const LatencyCommand& command) {
  StopRequest stop;
  const auto listening = [](const std::string& address) { announce(stdout, address); };
  const auto result = run_latency(command.run, stop, listening);
  if (!result) return complain({"stopped before a connection was made"});
  print_summary(stdout, result->sent);
  print_summary(stdout, result->received);
  print_latency(stdout, "latency", result->received.latency);
  print_latency(stdout, "of which giles was late in sending", result->sent.lag);
  if (!command.json.empty()) write_json(command.json, &result->sent, &result->received);
  std::vector<std::string> found = problems(result->receive_plan, result->received);
  if (result->sent.failure) found.insert(found.begin(), *result->sent.failure);
  return complain(found);
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_open_file_limit();
  Command command = parse_command_line(argc, argv);
  if (command.send) return send(std::move(*command.send));
  if (command.receive) return receive(*command.receive);
  if (command.latency) return latency(*command.latency);
  return command.exit_code;
}

}  // namespace
}  // namespace wallaroo::giles

int main(int argc, char** argv) {
  try {
    return wallaroo::giles::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "giles: {}\n", error.what());
    return 1;
  }
}
