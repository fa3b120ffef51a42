#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "giles/latency_run.hpp"
#include "giles/message_file.hpp"
#include "giles/receiver.hpp"
#include "giles/sender.hpp"

namespace wallaroo::giles {

// What the command line asks for. It is checked: everything in it can be done.

struct SendCommand {
  SendPlan plan;  // without make_lanes
  std::vector<std::string> files;
  FileFormat file_format;
  std::optional<std::uint64_t> messages;
  bool repeat = false;
  bool u64 = false;
  std::uint64_t start_from = 0;
  std::optional<StampedPlan> stamped;
  std::string json;
};

struct ReceiveCommand {
  ReceivePlan plan;
  std::optional<std::uint64_t> min_rate;
  std::string json;
};

struct LatencyCommand {
  LatencyRun run;
  std::string json;
};

struct Command {
  std::optional<SendCommand> send;
  std::optional<ReceiveCommand> receive;
  std::optional<LatencyCommand> latency;
  int exit_code = 0;  // when no command is set: help or an error was printed
};

Command parse_command_line(int argc, char** argv);

}  // namespace wallaroo::giles
