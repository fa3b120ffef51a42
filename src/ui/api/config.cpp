#include "ui/api/config.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>

#include "metrics/describe.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

namespace {

void write_worker(JsonText& json, const PlanView& view, const ConfigFacts& facts) {
  utsname system{};
  const bool known = ::uname(&system) == 0;
  json.begin_object().member("worker", facts.worker).member("pid", ::getpid());
  json.member("host", known ? system.nodename : "").member("started", facts.started);
  json.member("version", facts.version).member("compiler", compiler_version());
  json.member("system",
              known ? fmt::format("{} {} {}", system.sysname, system.release, system.machine)
                    : std::string());
  json.member("executors", view.executors).end_object();
}

void write_flag(JsonText& json, const FlagValue& flag) {
  json.begin_object().member("name", flag.name).member("value", flag.value);
  json.member("origin", flag.origin);
  if (!flag.file.empty()) {
    json.member("file", flag.file);
  }
  json.member("help", flag.help).end_object();
}

}  // namespace

std::string render_config(const PlanView& view, const ConfigFacts& facts) {
  JsonText json = begin_document(facts.plan_id);
  json.member("application", facts.application).member("worker_count", 1);
  json.key("workers").begin_array();
  write_worker(json, view, facts);
  json.end_array().key("flags").begin_array();
  for (const FlagValue& flag : facts.flags) {
    write_flag(json, flag);
  }
  json.end_array().key("addresses").begin_array();
  for (const ViewNode& node : view.nodes) {
    const auto address = facts.addresses.find(node.name);
    if ((node.is_source() || node.is_sink()) && address != facts.addresses.end()) {
      json.begin_object().member("name", node.name).member("role", node.kind);
      json.member("address", address->second).end_object();
    }
  }
  json.end_array().member("explain", facts.explain).end_object();
  return json.take();
}

}  // namespace wallaroo::internal
