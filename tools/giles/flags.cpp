#include "giles/flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "giles/error.hpp"
#include "giles/units.hpp"

namespace wallaroo::giles {
namespace {

constexpr int kUsageExitCode = 2;
constexpr std::uint64_t kDefaultInterval_ns = 5'000'000;
constexpr std::uint64_t kDefaultBatchSize = 1'000;
constexpr std::uint64_t kLargestRecordBytes = 16 << 20;

// Turns the text of an option into a value, and names the kind of value in --help.
template <typename Value>
struct Parser {
  Value (*parse)(const std::string& text);
  const char* placeholder;
};

// An option read by `parser`; the option's name goes before the message of its UsageError.
template <typename Value, typename Target>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const Parser<Value>& parser,
                        Target& target, const std::string& help) {
  auto* const option = app.add_option_function<std::string>(
      name,
      [name, parse = parser.parse, &target](const std::string& text) {
        try {
          target = parse(text);
        } catch (const UsageError& error) {
          throw CLI::ValidationError(name, error.what());
        }
      },
      help);
  return option->type_name(parser.placeholder);
}

std::uint64_t read_time(const std::string& text) {
  return parse_duration_ns(text, BareNumber::kIsRefused);
}

std::uint64_t read_interval(const std::string& text) {
  const std::uint64_t interval_ns = parse_duration_ns(text, BareNumber::kIsNanoseconds);
  if (interval_ns == 0) throw UsageError("an interval is longer than nothing");
  return interval_ns;
}

std::uint64_t read_seconds(const std::string& text) {
  const bool has_unit = text.find_first_not_of("0123456789._") != std::string::npos;
  return read_time(has_unit ? text : text + "s");
}

std::uint64_t read_positive(const std::string& text) {
  const std::uint64_t count = parse_count(text);
  if (count == 0) throw UsageError("it is at least 1");
  return count;
}

std::uint64_t read_connections(const std::string& text) {
  const std::uint64_t count = read_positive(text);
  if (count > 100'000) throw UsageError("it is at most 100000");
  return count;
}

std::uint64_t read_record_size(const std::string& text) {
  const std::uint64_t size = read_positive(text);
  if (size > kLargestRecordBytes) throw UsageError("it is at most 16777216 (16 MiB)");
  return size;
}

std::uint64_t read_count(const std::string& text) { return parse_count(text); }
std::uint64_t read_rate(const std::string& text) { return parse_rate(text); }
Address read_address(const std::string& text) { return parse_address(text); }

int read_buffer_size(const std::string& text) {
  return static_cast<int>(std::min<std::uint64_t>(read_positive(text), 1 << 30));
}

constexpr Parser<std::uint64_t> kTime{read_time, "TIME"};
constexpr Parser<std::uint64_t> kInterval{read_interval, "TIME"};
constexpr Parser<std::uint64_t> kSeconds{read_seconds, "SECONDS"};
constexpr Parser<std::uint64_t> kCount{read_count, "N"};
constexpr Parser<std::uint64_t> kPositive{read_positive, "N"};
constexpr Parser<std::uint64_t> kConnections{read_connections, "N"};
constexpr Parser<std::uint64_t> kRecordSize{read_record_size, "BYTES"};
constexpr Parser<std::uint64_t> kRate{read_rate, "N/s"};
constexpr Parser<int> kBufferSize{read_buffer_size, "BYTES"};
constexpr Parser<Address> kAddress{read_address, "HOST:PORT"};

// The options of `send` before they are checked against each other.
struct SendFlags {
  SendCommand command;
  std::optional<std::uint64_t> batch_size;
  std::optional<std::uint64_t> interval_ns;
  std::optional<std::uint64_t> rate;
  std::optional<std::uint64_t> record_bytes;
  std::uint64_t keys = 1'000;
  bool binary = false;
  bool variable_size = false;
  bool newline = false;
  bool latency = false;
};

void add_pace_flags(CLI::App& app, SendFlags& flags) {
  add_parsed(app, "--batch-size", kPositive, flags.batch_size,
             "messages that leave together (with --rate), or in each --interval (default 1000)");
  auto* const interval =
      add_parsed(app, "--interval", kInterval, flags.interval_ns,
                 "time between batches, as 5ms or in nanoseconds (default 5ms with --batch-size)");
  add_parsed(app, "--rate", kRate, flags.rate,
             "messages per second over all connections, as 10000/s or 1.5M/s")
      ->excludes(interval);
  add_parsed(app, "--connections", kConnections, flags.command.plan.connections,
             "send over this many connections, messages dealt round robin (default 1)");
  add_parsed(app, "--connect-timeout", kTime, flags.command.plan.connect_timeout_ns,
             "how long to try to reach the host (default 10s)");
  add_parsed(app, "--close-timeout", kTime, flags.command.plan.close_timeout_ns,
             "after the last message, wait this long for the peer to close too, to see whether it "
             "read everything (default 1s)");
  app.add_flag("--quiet", flags.command.plan.quiet, "no progress lines");
  app.add_option("--json", flags.command.json, "write the summary to this file as JSON")
      ->type_name("FILE");
}

void add_content_flags(CLI::App& app, SendFlags& flags) {
  SendCommand& command = flags.command;
  add_parsed(app, "--messages", kCount, command.messages,
             "end after this many (default: all of the files; without files, when interrupted)");
  auto* const file = app.add_option("--file", command.files,
                                    "send the lines of this file, - is standard input; may be "
                                    "given several times");
  app.add_flag("--repeat", command.repeat, "begin again at the end of the files")->needs(file);
  app.add_flag("--skip-empty", command.file_format.skip_empty_lines, "do not send empty lines")
      ->needs(file);
  auto* const newline = app.add_flag("--newline", flags.newline,
                                     "end text messages with a newline instead of beginning them "
                                     "with a 4-byte big-endian length");
  auto* const binary =
      app.add_flag("--binary", flags.binary,
                   "the files hold binary records, sent as they are; needs --msg-size or "
                   "--variable-size")
          ->needs(file)
          ->excludes(newline);
  auto* const size = add_parsed(app, "--msg-size", kRecordSize, flags.record_bytes,
                                "bytes of each record, with --binary or --latency");
  app.add_flag("--variable-size", flags.variable_size,
               "each binary record begins with its 4-byte big-endian length")
      ->needs(binary)
      ->excludes(size);
  auto* const u64 = app.add_flag("--u64", command.u64,
                                 "send 8-byte big-endian integers with a 4-byte length each")
                        ->excludes(file)
                        ->excludes(newline);
  auto* const first = add_parsed(app, "--start-from", kCount, command.start_from,
                                 "the first number sent, as text or with --u64 (default 0)")
                          ->excludes(file);
  auto* const latency = app.add_flag("--latency", flags.latency,
                                     "send records that carry the time at which they were due; "
                                     "needs --rate or --interval")
                            ->excludes(file)
                            ->excludes(u64)
                            ->excludes(first);
  add_parsed(app, "--keys", kPositive, flags.keys,
             "different keys in the records of --latency (default 1000)")
      ->needs(latency);
  add_parsed(app, "--spin", kTime, command.plan.spin_ns,
             "with --latency, wait awake this long before each message is due (default 0s)")
      ->needs(latency);
}

StampedRecord checked_record(std::uint64_t keys, std::uint64_t size_bytes) {
  if (const std::size_t least = smallest_stamped_record(keys); size_bytes < least) {
    throw UsageError("--msg-size: time and key need at least " + std::to_string(least) + " bytes");
  }
  return {.keys = keys, .size_bytes = size_bytes};
}

void settle_pace(const SendFlags& flags, SendPlan& plan) {
  if (flags.rate) {
    plan.schedule = Schedule::per_second(*flags.rate, flags.batch_size.value_or(1));
  } else if (flags.interval_ns || flags.batch_size) {
    plan.schedule = Schedule::batches(flags.batch_size.value_or(kDefaultBatchSize),
                                      flags.interval_ns.value_or(kDefaultInterval_ns));
  }
}

void settle_binary(const SendFlags& flags, SendCommand& command) {
  if (!flags.record_bytes && !flags.variable_size) {
    throw UsageError("--binary needs --msg-size or --variable-size");
  }
  if (flags.record_bytes) {
    command.file_format.kind = FileFormat::Kind::kFixed;
    command.file_format.record_bytes = *flags.record_bytes;
    command.plan.framing = {Framing::Kind::kFixed, *flags.record_bytes};
  } else {
    command.file_format.kind = FileFormat::Kind::kSelfPrefixed;
  }
}

SendCommand checked(const SendFlags& flags) {
  SendCommand command = flags.command;
  SendPlan& plan = command.plan;
  const auto text_framing =
      flags.newline ? Framing::Kind::kNewline : Framing::Kind::kLengthPrefixed;
  settle_pace(flags, plan);
  plan.framing.kind = text_framing;
  plan.total = command.messages.value_or(kUnlimited);
  command.file_format.line_framing = text_framing;
  if (plan.host.port == 0) throw UsageError("--host: port 0 cannot be connected to");
  if (flags.binary) settle_binary(flags, command);
  if (flags.binary && command.file_format.skip_empty_lines) {
    throw UsageError("--skip-empty is about lines, not about --binary");
  }
  if (flags.latency) {
    if (!plan.schedule) throw UsageError("--latency needs --rate or --interval");
    const StampedRecord record = checked_record(flags.keys, flags.record_bytes.value_or(64));
    command.stamped = StampedPlan{record, text_framing, *plan.schedule};
  } else if (flags.record_bytes && !flags.binary) {
    throw UsageError("--msg-size needs --binary or --latency");
  }
  return command;
}

struct ReceiveFlags {
  ReceiveCommand command;
  bool newline = false;
  bool framed = false;
  bool raw = false;
  std::optional<std::uint64_t> record_bytes;
};

void add_framing_flags(CLI::App& app, ReceiveFlags& flags) {
  auto* const newline = app.add_flag("--newline", flags.newline, "records end with a newline");
  auto* const framed = app.add_flag("--framed", flags.framed,
                                    "records begin with a 4-byte big-endian length (default)")
                           ->excludes(newline);
  auto* const size = add_parsed(app, "--msg-size", kRecordSize, flags.record_bytes,
                                "records have this many bytes each")
                         ->excludes(newline)
                         ->excludes(framed);
  app.add_flag("--raw", flags.raw, "no records: every byte counts as one")
      ->excludes(newline)
      ->excludes(framed)
      ->excludes(size);
  add_parsed(app, "--max-size", kPositive, flags.command.plan.max_record_bytes,
             "a larger record is an error (default 16777216 bytes)");
}

void add_receive_flags(CLI::App& app, ReceiveFlags& flags) {
  ReceivePlan& plan = flags.command.plan;
  add_parsed(app, "--listen", kAddress, plan.listen.address,
             "host:port to accept connections on; port 0 lets the system choose")
      ->required();
  add_framing_flags(app, flags);
  auto* const output = app.add_option("--output", plan.output,
                                      "write the records to this file as received, - is standard "
                                      "output");
  auto* const expect = add_parsed(app, "--expect", kCount, plan.expect,
                                  "end when this many records are there; any other number fails");
  add_parsed(app, "--settle", kTime, plan.settle_ns,
             "after the expected records, wait this long to see whether more come (default 0s)")
      ->needs(expect);
  add_parsed(app, "--timeout", kTime, plan.timeout_ns, "end after this time");
  auto* const min_rate = add_parsed(app, "--min-rate", kRate, flags.command.min_rate,
                                    "fail when there were fewer records per second");
  app.add_flag("--keep-open", plan.keep_open, "do not end when all peers have closed");
  auto* const throttle = add_parsed(app, "--throttle", kRate, plan.throttle,
                                    "read at most this many records per second");
  add_parsed(app, "--receive-buffer", kBufferSize, plan.listen.receive_buffer_bytes,
             "bytes of the kernel's receive buffer of each connection");
  auto* const latency =
      app.add_flag("--latency", plan.latency, "measure what 'giles send --latency' sent");
  add_parsed(app, "--warmup-seconds", kSeconds, plan.warmup_ns,
             "leave the latencies of the first seconds out (default 0)")
      ->needs(latency);
  app.add_flag("--never-read", plan.never_read, "accept connections but read nothing")
      ->excludes(output)
      ->excludes(expect)
      ->excludes(min_rate)
      ->excludes(throttle)
      ->excludes(latency);
  app.add_flag("--quiet", plan.quiet, "no progress lines");
  app.add_option("--json", flags.command.json, "write the results to this file as JSON")
      ->type_name("FILE");
}

ReceiveCommand checked(const ReceiveFlags& flags) {
  ReceiveCommand command = flags.command;
  if (flags.newline) command.plan.framing.kind = Framing::Kind::kNewline;
  if (flags.record_bytes) command.plan.framing = {Framing::Kind::kFixed, *flags.record_bytes};
  if (flags.raw) command.plan.framing = {Framing::Kind::kFixed, 1};
  if (flags.raw && command.plan.latency) throw UsageError("--latency needs records, not --raw");
  return command;
}

struct LatencyFlags {
  LatencyCommand command;
  bool newline = false;
  std::uint64_t keys = 1'000;
  std::uint64_t record_bytes = 64;
};

void add_latency_flags(CLI::App& app, LatencyFlags& flags) {
  LatencyRun& run = flags.command.run;
  add_parsed(app, "--send-to", kAddress, run.send_to, "host:port of the application's source")
      ->required();
  add_parsed(app, "--listen", kAddress, run.listen.address,
             "host:port to which the application's sink connects")
      ->required();
  add_parsed(app, "--rate", kRate, run.rate, "records per second, as 10000/s")->required();
  add_parsed(app, "--seconds", kSeconds, run.measured_ns,
             "how long to measure, after the warm-up (default 10)");
  add_parsed(app, "--warmup-seconds", kSeconds, run.warmup_ns,
             "send this long before measuring (default 0)");
  add_parsed(app, "--drain", kTime, run.drain_ns,
             "how long to wait for the last records (default 10s)");
  add_parsed(app, "--msg-size", kRecordSize, flags.record_bytes,
             "bytes of each record without its framing (default 64)");
  add_parsed(app, "--keys", kPositive, flags.keys, "different keys (default 1000)");
  app.add_flag("--newline", flags.newline,
               "records end with a newline instead of beginning with a 4-byte big-endian length");
  add_parsed(app, "--connections", kConnections, run.connections,
             "send over this many connections (default 1)");
  add_parsed(app, "--connect-timeout", kTime, run.connect_timeout_ns,
             "how long to try to reach the application (default 10s)");
  add_parsed(app, "--spin", kTime, run.spin_ns,
             "wait awake this long before each message is due (default 0s)");
  app.add_flag("--quiet", run.quiet, "no progress lines");
  app.add_option("--json", flags.command.json, "write the results to this file as JSON")
      ->type_name("FILE");
}

LatencyCommand checked(const LatencyFlags& flags) {
  LatencyCommand command = flags.command;
  if (command.run.send_to.port == 0) throw UsageError("--send-to: port 0 cannot be connected to");
  if (command.run.measured_ns == 0) throw UsageError("--seconds: it is more than 0");
  command.run.record = checked_record(flags.keys, flags.record_bytes);
  if (flags.newline) command.run.framing = Framing::Kind::kNewline;
  return command;
}

}  // namespace

Command parse_command_line(int argc, char** argv) {
  CLI::App app("Sends load to a stream application, receives its output, measures latency.",
               "giles");
  app.require_subcommand(0, 1);  // so that a wrong word is named in the error
  app.set_version_flag("--version", "giles " GILES_VERSION);
  SendFlags send;
  ReceiveFlags receive;
  LatencyFlags latency;
  CLI::App& send_app = *app.add_subcommand("send", "send messages to an application");
  add_parsed(send_app, "--host", kAddress, send.command.plan.host, "host:port to connect to")
      ->required();
  add_content_flags(send_app, send);
  add_pace_flags(send_app, send);
  CLI::App& receive_app = *app.add_subcommand("receive", "receive and count records");
  add_receive_flags(receive_app, receive);
  CLI::App& latency_app = *app.add_subcommand(
      "latency", "send at a fixed rate, receive, and report how long each record took");
  add_latency_flags(latency_app, latency);
  Command command;
  try {
    app.parse(argc, argv);
    if (send_app.parsed()) command.send = checked(send);
    if (receive_app.parsed()) command.receive = checked(receive);
    if (latency_app.parsed()) command.latency = checked(latency);
    if (app.get_subcommands().empty()) {
      throw UsageError("a command is needed: send, receive or latency");
    }
  } catch (const CLI::ParseError& error) {
    command.exit_code = app.exit(error) == 0 ? 0 : kUsageExitCode;
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}\nRun with --help for more information.\n", error.what());
    command.exit_code = kUsageExitCode;
  }
  return command;
}

}  // namespace wallaroo::giles
