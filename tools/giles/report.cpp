#include "giles/report.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "giles/record_output.hpp"
#include "giles/units.hpp"

namespace wallaroo::giles {
namespace {

struct Quantile {
  const char* name;
  const char* json_name;
  double fraction;
};
constexpr std::array<Quantile, 5> kQuantiles{{{"p50", "p50_ns", 0.5},
                                              {"p90", "p90_ns", 0.9},
                                              {"p99", "p99_ns", 0.99},
                                              {"p99.9", "p99_9_ns", 0.999},
                                              {"p99.99", "p99_99_ns", 0.9999}}};

std::string rates(std::uint64_t records, std::uint64_t bytes, std::uint64_t duration_ns) {
  if (duration_ns == 0) return {};
  const double seconds = static_cast<double>(duration_ns) / 1e9;
  const double records_per_second = static_cast<double>(records) / seconds;
  return fmt::format(" in {}: {}/s, {}/s", format_duration(duration_ns),
                     format_count(static_cast<std::uint64_t>(records_per_second)),
                     format_bytes(static_cast<double>(bytes) / seconds));
}

boost::json::object latency_json(const LatencyHistogram& latency) {
  boost::json::object object{{"count", latency.count()}, {"min_ns", latency.min_ns()}};
  for (const Quantile& quantile : kQuantiles) {
    object[quantile.json_name] = latency.quantile_ns(quantile.fraction);
  }
  object["max_ns"] = latency.max_ns();
  object["mean_ns"] = latency.mean_ns();
  return object;
}

boost::json::object json_of(const SendResult& result) {
  boost::json::object object{{"records", result.messages},
                             {"bytes", result.bytes},
                             {"duration_ns", result.duration_ns},
                             {"stopped", result.stopped},
                             {"cut_connections", result.cut_connections},
                             {"failure", nullptr}};
  if (result.failure) object["failure"] = *result.failure;
  if (result.lag.count() > 0) object["lag"] = latency_json(result.lag);
  return object;
}

boost::json::object json_of(const ReceiveResult& result) {
  boost::json::object object{{"records", result.records},
                             {"bytes", result.bytes},
                             {"connections", result.connections},
                             {"duration_ns", result.duration_ns},
                             {"records_per_second", result.records_per_second()},
                             {"bytes_per_second", result.bytes_per_second()},
                             {"stopped", result.stopped},
                             {"timed_out", result.timed_out},
                             {"cut_connections", result.cut_connections},
                             {"reset_connections", result.reset_connections},
                             {"failure", nullptr}};
  if (result.failure) object["failure"] = *result.failure;
  if (result.latency.count() + result.warmup_records + result.bad_stamps > 0) {
    object["warmup_records"] = result.warmup_records;
    object["bad_stamps"] = result.bad_stamps;
    object["latency"] = latency_json(result.latency);
  }
  return object;
}

}  // namespace

void print_summary(std::FILE* out, const SendResult& result) {
  fmt::print(out, "sent {} records, {}{}{}\n", format_count(result.messages),
             format_bytes(static_cast<double>(result.bytes)),
             rates(result.messages, result.bytes, result.duration_ns),
             result.stopped ? " (stopped)" : "");
  if (result.cut_connections > 0) {
    fmt::print(out, "{} connection(s) ended inside a record\n", result.cut_connections);
  }
}

void print_summary(std::FILE* out, const ReceiveResult& result) {
  fmt::print(out, "received {} records, {} over {} connection(s){}{}\n",
             format_count(result.records), format_bytes(static_cast<double>(result.bytes)),
             result.connections, rates(result.records, result.bytes, result.duration_ns),
             result.stopped ? " (stopped)" : "");
}

void print_latency(std::FILE* out, const std::string& title, const LatencyHistogram& latency) {
  fmt::print(out, "{} of {} records\n", title, format_count(latency.count()));
  for (const Quantile& quantile : kQuantiles) {
    fmt::print(out, "  {:<7} {:>10}\n", quantile.name,
               format_duration(latency.quantile_ns(quantile.fraction)));
  }
  fmt::print(out, "  {:<7} {:>10}\n", "max", format_duration(latency.max_ns()));
}

void write_json(const std::string& file, const SendResult* sent, const ReceiveResult* received) {
  boost::json::object object;
  if (sent != nullptr) object["sent"] = json_of(*sent);
  if (received != nullptr) object["received"] = json_of(*received);
  RecordOutput(file).write(boost::json::serialize(object) + "\n");
}

}  // namespace wallaroo::giles
