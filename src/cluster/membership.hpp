// Decides how a worker becomes a member of a cluster and stays one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/transaction.hpp"

namespace wallaroo::internal::cluster {

/// These decisions are what a worker asks of etcd and of itself. The caller carries them out in
/// their order, and answers each with the event that it names.
namespace member {

/// Ask etcd for a lease, and keep it alive from then on (answer: `on_lease`, `on_lease_failed`;
/// whenever it turns out to be gone: `on_lease_lost`).
struct GrantLease {};
/// Send the transaction (answer: `on_written`).
struct Write {
  Transaction transaction;
};
/// Read all keys, because the outcome of a transaction is to be seen in them (answer: `on_view`).
struct Read {};
/// The worker is a member: it may lead, and take part in generations. No answer.
struct Joined {
  MemberRecord self;
  std::int64_t lease = 0;
};
/// The worker is no member any more: it stops its run at once. No answer.
struct Lost {
  std::string reason;
};
/// Give the lease back, and with it every key that hangs on it. No answer.
struct Revoke {
  std::int64_t lease = 0;
};
/// The cluster does not take this worker. The last decision.
struct Refused {
  std::string message;
};
/// The worker has left as it was told to. The last decision.
struct Left {};

}  // namespace member

using MemberDecision = std::variant<member::GrantLease, member::Write, member::Read, member::Joined,
                                    member::Lost, member::Revoke, member::Refused, member::Left>;
using MemberDecisions = std::vector<MemberDecision>;

struct MembershipConfig {
  std::string prefix;
  MemberRecord self;                    ///< without incarnation and revisions
  ClusterRecord shared;                 ///< as this worker sees it; written by the first member
  std::int64_t retry_ns = 100'000'000;  ///< between two requests for a lease
  /// How long the name may be in use: a worker that died and starts again meets its own name until
  /// its old lease has expired, which etcd may delay when it restarts.
  std::int64_t name_patience_ns = 15'000'000'000;
};

// clang-format off
/// The membership of one worker. Whether it is a member is decided by what a View shows, never by
/// the outcome of a transaction.
///
/// | state       | on                                  | next, and decisions                       |
/// |-------------|-------------------------------------|-------------------------------------------|
/// | outside     | time to try                         | leasing: GrantLease                       |
/// | leasing     | lease                               | joining: Read                             |
/// |             | lease failed                        | outside, try again after `retry`          |
/// | joining     | view: it has me                     | member: Joined                            |
/// |             | view: my name is free               | joining: Write                            |
/// |             | view: my name is in use             | joining                                   |
/// |             | time: in use for `name_patience`    | refused: Revoke, Refused                  |
/// |             | view: another job or build          | refused: Revoke, Refused                  |
/// |             | written, whatever the outcome       | joining: Read                             |
/// |             | lease lost                          | outside: try again at once                |
/// | member      | view: it does not have me           | outside: Lost, Revoke                     |
/// |             | view: another job or build          | refused: Lost, Revoke, Refused            |
/// |             | lease lost                          | outside: Lost                             |
/// | all but the | leave                               | left: Revoke if there is a lease, Left    |
/// | ends        |                                     |                                           |
///
/// * The first member describes the job and its build. A worker of another build may replace that
///   description while there is no member at all: this is how a job is upgraded.
/// * A View that is older than one seen before decides nothing.
/// * Any other event is ignored. `refused` and `left` are ends.
/// * A worker that was lost joins again with another incarnation, so that nobody takes its answers
///   of before for answers of now.
// clang-format on
class Membership {
 public:
  enum class State : std::uint8_t { outside, leasing, joining, member, refused, left };

  Membership(MembershipConfig config, std::int64_t now_ns);

  /// Call when `next_wakeup_ns` has come; harmless at other times.
  MemberDecisions on_time(std::int64_t now_ns);
  /// `incarnation`: random bits that nobody else has.
  MemberDecisions on_lease(std::int64_t lease, std::uint64_t incarnation, std::int64_t now_ns);
  MemberDecisions on_lease_failed(std::int64_t now_ns);
  /// etcd says that the lease does not exist.
  MemberDecisions on_lease_lost(std::int64_t lease, std::int64_t now_ns);
  MemberDecisions on_written(Outcome outcome);
  MemberDecisions on_view(const View& view, std::int64_t now_ns);
  MemberDecisions leave();

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const;
  State state() const { return state_; }
  /// This life of the worker; meaningful while it is joining or a member.
  const MemberId& id() const { return config_.self.id; }
  std::int64_t lease() const { return lease_; }

 private:
  MemberDecisions join(const View& view, std::int64_t now_ns);
  MemberDecisions refuse(std::string message);
  MemberDecisions lose(std::string reason, std::int64_t now_ns);
  MemberDecisions write(const View& view) const;
  std::string difference(const View& view) const;

  MembershipConfig config_;
  State state_ = State::outside;
  std::int64_t try_ns_;
  std::int64_t lease_ = 0;  ///< 0: none
  std::int64_t seen_revision_ = 0;
  std::int64_t name_until_ns_ = end_of_time;  ///< how long to wait for the name
  std::string name_user_;                     ///< the address of who has it
};

}  // namespace wallaroo::internal::cluster
