#include "cluster/transaction.hpp"

#include <fmt/format.h>

namespace wallaroo::internal::cluster {

namespace {

std::string member_key(std::string_view prefix, const MemberId& id) {
  return fmt::format("{}members/{}", prefix, id.worker);
}

}  // namespace

Transaction register_member(std::string_view prefix, const MemberRecord& member, std::int64_t lease,
                            const ClusterRecord* cluster, std::int64_t seen) {
  Transaction transaction;
  const std::string key = member_key(prefix, member.id);
  transaction.guards.push_back({key, Guard::Of::create_revision, 0});
  transaction.puts.push_back({key, to_json(member), lease});
  if (cluster != nullptr) {
    const std::string shared = fmt::format("{}cluster", prefix);
    transaction.guards.push_back({shared, Guard::Of::mod_revision, seen});
    transaction.puts.push_back({shared, to_json(*cluster), 0});
  }
  return transaction;
}

Transaction take_lead(std::string_view prefix, const MemberRecord& member, std::int64_t lease) {
  const std::string key = fmt::format("{}leader", prefix);
  Transaction transaction;
  transaction.guards.push_back({key, Guard::Of::create_revision, 0});
  transaction.guards.push_back(
      {member_key(prefix, member.id), Guard::Of::create_revision, member.create_revision});
  transaction.puts.push_back({key, to_json(LeaderRecord{member.id, 0}), lease});
  return transaction;
}

Transaction write_job(std::string_view prefix, std::int64_t seen, const JobRecord& job,
                      const AssignmentRecord* assignment) {
  const std::string key = fmt::format("{}job", prefix);
  Transaction transaction;
  transaction.guards.push_back(
      {fmt::format("{}leader", prefix), Guard::Of::create_revision, job.term});
  transaction.guards.push_back({key, Guard::Of::mod_revision, seen});
  transaction.puts.push_back({key, to_json(job), 0});
  if (assignment != nullptr) {
    transaction.puts.push_back({fmt::format("{}assignment", prefix), to_json(*assignment), 0});
  }
  return transaction;
}

}  // namespace wallaroo::internal::cluster
