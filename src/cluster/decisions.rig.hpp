// Shared by the tests of the machines of a cluster: decisions as text, and Views.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/election.hpp"
#include "cluster/follower.hpp"
#include "cluster/generation.hpp"
#include "cluster/membership.hpp"
#include "cluster/view_keeper.hpp"

namespace wallaroo::internal::cluster::rig {

inline const std::string prefix = "/wallaroo/shop/";

/// "members/A job": the keys that are written.
inline std::string keys_of(const Transaction& transaction) {
  std::vector<std::string> keys;
  for (const Put& put : transaction.puts) {
    keys.push_back(put.key.substr(prefix.size()));
  }
  return fmt::format("{}", fmt::join(keys, " "));
}

inline std::string text_of(const member::GrantLease&) { return "GrantLease"; }
inline std::string text_of(const member::Write& d) { return "Write " + keys_of(d.transaction); }
inline std::string text_of(const member::Read&) { return "Read"; }
inline std::string text_of(const member::Joined& d) {
  return fmt::format("Joined {} lease {}", d.self.id.incarnation, d.lease);
}
inline std::string text_of(const member::Lost&) { return "Lost"; }
inline std::string text_of(const member::Revoke& d) { return fmt::format("Revoke {}", d.lease); }
inline std::string text_of(const member::Refused&) { return "Refused"; }
inline std::string text_of(const member::Left&) { return "Left"; }

inline std::string text_of(const elect::Write& d) { return "Write " + keys_of(d.transaction); }
inline std::string text_of(const elect::Read&) { return "Read"; }
inline std::string text_of(const elect::Lead& d) { return fmt::format("Lead {}", d.term); }
inline std::string text_of(const elect::StepDown&) { return "StepDown"; }

inline std::string text_of(const lead::Write& d) { return "Write " + keys_of(d.transaction); }
inline std::string text_of(const lead::Read&) { return "Read"; }
inline std::string text_of(const lead::Choose& d) { return fmt::format("Choose {}", d.generation); }
inline std::string text_of(const lead::Restore& d) { return "Restore " + d.member.worker; }
inline std::string text_of(const lead::Start& d) { return fmt::format("Start {}", d.generation); }
inline std::string text_of(const lead::Abandon& d) {
  return fmt::format("Abandon {}", d.generation);
}
inline std::string text_of(const lead::Exclude& d) {
  return fmt::format("Exclude {} lease {}", d.member.worker, d.lease);
}
inline std::string text_of(const lead::Ended&) { return "Ended"; }

inline std::string text_of(const follow::StopRun& d) {
  return fmt::format("StopRun {}", d.generation);
}
inline std::string text_of(const follow::Greet& d) {
  return fmt::format("Greet {} for {}", d.leader.worker, d.generation);
}
inline std::string text_of(const follow::Load& d) { return fmt::format("Load {}", d.generation); }
inline std::string text_of(const follow::TellRestored& d) {
  return fmt::format("TellRestored {}", d.generation);
}
inline std::string text_of(const follow::StartRun& d) {
  return fmt::format("StartRun {}", d.generation);
}
inline std::string text_of(const follow::TellFailed& d) {
  return fmt::format("TellFailed {} to {}", d.generation, d.leader.worker);
}
inline std::string text_of(const follow::ExcludeLeader& d) {
  return fmt::format("ExcludeLeader {} lease {}", d.leader.worker, d.lease);
}
inline std::string text_of(const follow::Read&) { return "Read"; }
inline std::string text_of(const follow::End& d) {
  return d.error.empty() ? "End" : fmt::format("End ({})", d.error);
}

inline std::string text_of(const keep::Range&) { return "Range"; }
inline std::string text_of(const keep::Watch& d) { return fmt::format("Watch from {}", d.from); }
inline std::string text_of(const keep::Seen& d) {
  return fmt::format("Seen {} members at {}", d.view.members.size(), d.view.revision);
}
inline std::string text_of(const keep::Wiped&) { return "Wiped"; }
inline std::string text_of(const keep::Broken& d) { return "Broken: " + d.message; }

template <class... Kinds>
std::string text_of(const std::vector<std::variant<Kinds...>>& decisions) {
  std::vector<std::string> texts;
  for (const auto& decision : decisions) {
    texts.push_back(std::visit([](const auto& d) { return text_of(d); }, decision));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

inline MemberRecord member_record(const std::string& worker, std::uint64_t incarnation) {
  MemberRecord record;
  record.id = {worker, incarnation};
  record.address = worker + ":7000";
  record.executors = 1;
  record.fingerprint = "print";
  record.lease = static_cast<std::int64_t>(incarnation) * 100;
  record.create_revision = static_cast<std::int64_t>(incarnation);
  return record;
}
inline ClusterRecord cluster_record() { return {"00ff", "shop", "print", 8, "/data", 2}; }

/// Makes Views step by step.
class ViewMaker {
 public:
  explicit ViewMaker(std::int64_t revision) {
    view_.revision = revision;
    view_.cluster = cluster_record();
  }
  ViewMaker&& with(const std::string& worker, std::uint64_t incarnation) && {
    view_.members[worker] = member_record(worker, incarnation);
    return std::move(*this);
  }
  ViewMaker&& led_by(const std::string& worker, std::uint64_t incarnation, std::int64_t term) && {
    view_.leader = LeaderRecord{{worker, incarnation}, term};
    return std::move(*this);
  }
  /// A job of the members that there are.
  ViewMaker&& job(std::uint64_t generation, JobPhase phase, std::string op,
                  std::int64_t revision) && {
    JobRecord record;
    record.generation = generation;
    record.phase = phase;
    record.op = std::move(op);
    record.mod_revision = revision;
    for (const auto& [worker, member] : view_.members) {
      record.members.push_back({member.id, 1});
    }
    view_.job = record;
    return std::move(*this);
  }
  View done() && { return std::move(view_); }
  View& view() { return view_; }

 private:
  View view_;
};

}  // namespace wallaroo::internal::cluster::rig
