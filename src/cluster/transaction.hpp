// The guarded transactions that members of a cluster write to etcd. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/view.hpp"

namespace wallaroo::internal::cluster {

/// A condition on a key of etcd. A key that does not exist has the revision 0.
struct Guard {
  enum class Of : std::uint8_t { create_revision, mod_revision };
  std::string key;
  Of of = Of::create_revision;
  std::int64_t is = 0;

  friend bool operator==(const Guard&, const Guard&) = default;
};

struct Put {
  std::string key;
  std::string value;
  std::int64_t lease = 0;  ///< 0: none

  friend bool operator==(const Put&, const Put&) = default;
};

/// Writes all puts if all guards hold, else nothing.
struct Transaction {
  std::vector<Guard> guards;
  std::vector<Put> puts;

  friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// What became of a transaction. After `unknown` (no answer came) it may have been carried out, or
/// will be later, or never. Nobody decides by an outcome: it only says when to read. What was
/// written is recognised in a View by the incarnation or the `op` in it. So a transaction may be
/// sent again until a View shows that it was carried out or that its guards hold no more.
enum class Outcome : std::uint8_t { won, lost, unknown };

/// Registers a member, and describes the cluster if `cluster` is given. Fails if the name is in
/// use, or if the description is not the one with the revision `seen` (0: there is none).
Transaction register_member(std::string_view prefix, const MemberRecord& member, std::int64_t lease,
                            const ClusterRecord* cluster, std::int64_t seen = 0);

/// Takes the lead. Fails if somebody leads, or if the member is not registered any more, in which
/// the revision of its registration is compared, so that not even its next life will do.
Transaction take_lead(std::string_view prefix, const MemberRecord& member, std::int64_t lease);

/// Writes the job, and the assignment if it is given. Fails if the writer does not lead in
/// `job.term` any more, or if the job is not the one with the revision `seen` (0: there is none).
Transaction write_job(std::string_view prefix, std::int64_t seen, const JobRecord& job,
                      const AssignmentRecord* assignment);

}  // namespace wallaroo::internal::cluster
