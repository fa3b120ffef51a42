#include "cluster/view.hpp"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "cluster/json_fields.hpp"

namespace wallaroo::internal::cluster {

namespace {

namespace json = boost::json;

constexpr std::size_t most_bytes = 64 * 1024;
constexpr std::uint64_t most_executors = 65'534;

constexpr std::array<std::string_view, 6> phase_names{"recovering",   "running",  "moving",
                                                      "handing_over", "stopping", "ended"};

std::string hex(std::uint64_t bits) { return fmt::format("{:016x}", bits); }

json::value parse(const KeyValue& key) {
  if (key.value.size() > most_bytes) {
    throw WrongJson(
        fmt::format("has {} bytes, of which {} are the most", key.value.size(), most_bytes));
  }
  boost::system::error_code error;
  json::value value = json::parse(key.value, error);
  if (error) {
    throw WrongJson(fmt::format("is not JSON ({})", error.message()));
  }
  return value;
}

MemberId member_id(const JsonFields& fields) {
  return {fields.text("worker"), fields.bits("incarnation")};
}

ClusterRecord read_cluster(const KeyValue& key) {
  const json::value value = parse(key);
  const JsonFields fields(value);
  if (const std::uint64_t format = fields.number("format"); format != 1) {
    throw WrongJson(fmt::format("has format {}, and this build reads format 1", format));
  }
  return {fields.text("id"),           fields.text("application"), fields.text("fingerprint"),
          fields.number("key_groups"), fields.text("store"),       key.mod_revision};
}

MemberRecord read_member(const KeyValue& key, std::string_view worker) {
  const json::value value = parse(key);
  const JsonFields fields(value);
  MemberRecord record;
  record.id = {std::string(worker), fields.bits("incarnation")};
  record.address = fields.text("address");
  record.http = fields.text_or_empty("http");
  record.executors = static_cast<std::uint32_t>(fields.number("executors", most_executors));
  record.fingerprint = fields.text("fingerprint");
  record.version = fields.text_or_empty("version");
  record.zone = fields.text_or_empty("zone");
  record.wants_to_leave = fields.text_or_empty("wants") == "leave";
  record.lease = key.lease;
  record.create_revision = key.create_revision;
  record.mod_revision = key.mod_revision;
  if (record.executors == 0) {
    throw WrongJson("has no executors");
  }
  return record;
}

JobPhase phase_named(std::string_view name) {
  for (std::size_t i = 0; i != phase_names.size(); ++i) {
    if (phase_names[i] == name) {
      return static_cast<JobPhase>(i);
    }
  }
  throw WrongJson(fmt::format("has the phase '{}', which this build does not know", name));
}

JobRecord read_job(const KeyValue& key) {
  const json::value value = parse(key);
  const JsonFields fields(value);
  JobRecord record;
  record.generation = fields.number("generation");
  record.phase = phase_named(fields.text("phase"));
  record.term = static_cast<std::int64_t>(fields.number("term"));
  for (const json::value& member : fields.array("members")) {
    const JsonFields of_member(member);
    record.members.push_back({member_id(of_member), static_cast<std::uint32_t>(of_member.number(
                                                        "executors", most_executors))});
  }
  record.first_number = fields.number("first_number");
  record.restored = fields.number("restored");
  record.error = fields.text_or_empty("error");
  record.op = fields.text("op");
  record.mod_revision = key.mod_revision;
  return record;
}

ExecutorId read_executor(const json::value& value) {
  const JsonFields fields(value);
  return {fields.text("worker"),
          static_cast<std::uint32_t>(fields.number("executor", most_executors))};
}

AssignmentRecord read_assignment(const KeyValue& key) {
  const json::value value = parse(key);
  const JsonFields fields(value);
  AssignmentRecord record;
  record.generation = fields.number("generation");
  Assignment& assignment = record.assignment;
  assignment.version = fields.number("version");
  for (const json::value& executor : fields.array("executors")) {
    assignment.executors.push_back(read_executor(executor));
  }
  for (const json::value& run : fields.array("groups")) {
    const JsonFields of_run(run);
    const std::uint64_t owner = of_run.number("owner", most_executors);
    const std::uint64_t count = of_run.number("count", most_executors);
    if (owner >= assignment.executors.size() || assignment.groups.size() + count > most_executors) {
      throw WrongJson("has groups of an executor that it does not name, or too many groups");
    }
    assignment.groups.insert(assignment.groups.end(), count, static_cast<std::uint16_t>(owner));
  }
  for (const auto& [single, executor] : fields.object("singles")) {
    assignment.singles[std::string(single)] = read_executor(executor);
  }
  return record;
}

LeaderRecord read_leader(const KeyValue& key) {
  const json::value value = parse(key);
  return {member_id(JsonFields(value)), key.create_revision};
}

void read_key(View& view, std::string_view name, const KeyValue& key) {
  if (name == "cluster") {
    view.cluster = read_cluster(key);
  } else if (name == "leader") {
    view.leader = read_leader(key);
  } else if (name == "job") {
    view.job = read_job(key);
  } else if (name == "assignment") {
    view.assignment = read_assignment(key);
  }
}

json::object json_of(const MemberId& id) {
  return {{"worker", id.worker}, {"incarnation", hex(id.incarnation)}};
}
json::object json_of(const ExecutorId& executor) {
  return {{"worker", executor.worker}, {"executor", executor.executor}};
}

}  // namespace

std::string prefix_of(std::string_view name) { return fmt::format("/wallaroo/{}/", name); }

std::string_view name_of(JobPhase phase) { return phase_names[static_cast<std::size_t>(phase)]; }

std::variant<View, Unreadable> read_view(std::string_view prefix, std::int64_t revision,
                                         const std::vector<KeyValue>& keys) {
  constexpr std::string_view members = "members/";
  View view;
  view.revision = revision;
  for (const KeyValue& key : keys) {
    std::string_view name = key.key;
    if (!name.starts_with(prefix)) {
      continue;
    }
    name.remove_prefix(prefix.size());
    const bool of_member = name.starts_with(members);
    try {
      if (of_member) {
        const std::string_view worker = name.substr(members.size());
        view.members.emplace(worker, read_member(key, worker));
      } else {
        read_key(view, name, key);
      }
    } catch (const WrongJson& wrong) {
      std::string message = fmt::format("the value of '{}' in etcd {}", key.key, wrong.what());
      if (!of_member) {
        return Unreadable{message +
                          "; only workers write it: stop them all, and remove the cluster's keys "
                          "with 'wallaroo cluster URL forget', which loses no checkpoint"};
      }
      view.notes.push_back(message + "; that member is ignored");
    }
  }
  return view;
}

std::string to_json(const ClusterRecord& record) {
  return json::serialize(json::object{{"format", 1},
                                      {"id", record.id},
                                      {"application", record.application},
                                      {"fingerprint", record.fingerprint},
                                      {"key_groups", record.key_groups},
                                      {"store", record.store}});
}

std::string to_json(const MemberRecord& record) {
  return json::serialize(json::object{{"incarnation", hex(record.id.incarnation)},
                                      {"address", record.address},
                                      {"http", record.http},
                                      {"executors", record.executors},
                                      {"fingerprint", record.fingerprint},
                                      {"version", record.version},
                                      {"zone", record.zone},
                                      {"wants", record.wants_to_leave ? "leave" : "run"}});
}

std::string to_json(const LeaderRecord& record) { return json::serialize(json_of(record.id)); }

std::string to_json(const JobRecord& record) {
  json::array members;
  for (const JobMember& member : record.members) {
    json::object one = json_of(member.id);
    one["executors"] = member.executors;
    members.push_back(std::move(one));
  }
  return json::serialize(json::object{{"generation", record.generation},
                                      {"phase", name_of(record.phase)},
                                      {"term", record.term},
                                      {"members", std::move(members)},
                                      {"first_number", record.first_number},
                                      {"restored", record.restored},
                                      {"error", record.error},
                                      {"op", record.op}});
}

std::string to_json(const AssignmentRecord& record) {
  const Assignment& assignment = record.assignment;
  json::array executors;
  for (const ExecutorId& executor : assignment.executors) {
    executors.push_back(json_of(executor));
  }
  json::array runs;
  for (std::size_t i = 0; i != assignment.groups.size();) {
    std::size_t end = i;
    while (end != assignment.groups.size() && assignment.groups[end] == assignment.groups[i]) {
      ++end;
    }
    runs.push_back(json::object{{"owner", assignment.groups[i]}, {"count", end - i}});
    i = end;
  }
  json::object singles;
  for (const auto& [single, executor] : assignment.singles) {
    singles[single] = json_of(executor);
  }
  return json::serialize(json::object{{"generation", record.generation},
                                      {"version", assignment.version},
                                      {"executors", std::move(executors)},
                                      {"groups", std::move(runs)},
                                      {"singles", std::move(singles)}});
}

}  // namespace wallaroo::internal::cluster
