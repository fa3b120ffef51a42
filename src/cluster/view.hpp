// What etcd says about a cluster: its keys, read, checked, as one value. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/assignment.hpp"

namespace wallaroo::internal::cluster {

/// A key of etcd with what etcd knows about it.
struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t create_revision = 0;  ///< of the change that made the key
  std::int64_t mod_revision = 0;     ///< of the latest change to it
  std::int64_t lease = 0;            ///< 0: the key stays until it is deleted

  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

/// One life of a worker in a cluster. A worker that loses its lease joins again with another
/// incarnation.
struct MemberId {
  std::string worker;
  std::uint64_t incarnation = 0;

  friend auto operator<=>(const MemberId&, const MemberId&) = default;
};

/// The key `cluster`: what all members have in common. The first member writes it.
struct ClusterRecord {
  std::string id;  ///< 128 random bits, hexadecimal
  std::string application;
  std::string fingerprint;  ///< of engine version, plan, slots, and schemas
  std::uint64_t key_groups = 0;
  std::string store;
  std::int64_t mod_revision = 0;

  friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};

/// The key `members/WORKER`, on the member's lease.
struct MemberRecord {
  MemberId id;
  std::string address;  ///< for links and control
  std::string http;
  std::uint32_t executors = 0;
  std::string fingerprint;
  std::string version;
  std::string zone;
  bool wants_to_leave = false;
  std::int64_t lease = 0;  ///< whoever revokes it ends the membership
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;

  friend bool operator==(const MemberRecord&, const MemberRecord&) = default;
};

/// The key `leader`, on the leader's lease. Its create_revision is the leader's term.
struct LeaderRecord {
  MemberId id;
  std::int64_t term = 0;

  friend bool operator==(const LeaderRecord&, const LeaderRecord&) = default;
};

enum class JobPhase : std::uint8_t { recovering, running, moving, handing_over, stopping, ended };

struct JobMember {
  MemberId id;
  std::uint32_t executors = 0;

  friend bool operator==(const JobMember&, const JobMember&) = default;
};

/// The key `job`: the generation that there is, and how far it has come.
struct JobRecord {
  std::uint64_t generation = 0;
  JobPhase phase = JobPhase::recovering;
  std::int64_t term = 0;  ///< of the leader that wrote this
  std::vector<JobMember> members;
  std::uint64_t first_number = 0;  ///< of the generation's checkpoints; 0 while recovering
  std::uint64_t restored = 0;      ///< the checkpoint it began with; 0: none
  std::string error;               ///< of a job that has ended without success
  std::string op;                  ///< names the transaction that wrote this
  std::int64_t mod_revision = 0;

  friend bool operator==(const JobRecord&, const JobRecord&) = default;
};

/// The key `assignment`.
struct AssignmentRecord {
  std::uint64_t generation = 0;
  Assignment assignment;

  friend bool operator==(const AssignmentRecord&, const AssignmentRecord&) = default;
};

/// All keys of a cluster at one revision of etcd. Machines decide by the state that a View shows,
/// never by the event that led to it, so that no event needs to be seen.
struct View {
  std::int64_t revision = 0;
  std::optional<ClusterRecord> cluster;
  std::map<std::string, MemberRecord> members;  ///< [worker]
  std::optional<LeaderRecord> leader;
  std::optional<JobRecord> job;
  std::optional<AssignmentRecord> assignment;
  /// Sentences about keys that say nothing, such as a member whose value cannot be read. The caller
  /// logs them.
  std::vector<std::string> notes;

  /// Whether exactly this life of the worker is registered.
  bool has(const MemberId& id) const {
    const auto found = members.find(id.worker);
    return found != members.end() && found->second.id == id;
  }
};

/// A key without which nothing can be decided has a value that makes no sense. The message names
/// the key, says what is wrong with it and what to do.
struct Unreadable {
  std::string message;
};

/// Where the keys of the cluster `name` are: "/wallaroo/NAME/".
std::string prefix_of(std::string_view name);

/// Reads the keys below `prefix`. Keys and JSON members that it does not know are ignored. A member
/// whose value cannot be read is left out and noted; any other such key makes the whole unreadable,
/// because it must not be taken for a key that is missing.
std::variant<View, Unreadable> read_view(std::string_view prefix, std::int64_t revision,
                                         const std::vector<KeyValue>& keys);

/// The values as they are written. Revisions are etcd's and no part of them.
std::string to_json(const ClusterRecord& record);
std::string to_json(const MemberRecord& record);
std::string to_json(const LeaderRecord& record);
std::string to_json(const JobRecord& record);
std::string to_json(const AssignmentRecord& record);

/// "recovering", "handing_over"
std::string_view name_of(JobPhase phase);

}  // namespace wallaroo::internal::cluster
