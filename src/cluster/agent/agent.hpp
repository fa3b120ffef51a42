// What a worker of a cluster does about etcd, members, leader and generations: joins the machines
// that decide it to one whole. The same in a process and in the simulator.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "cluster/agent/etcd_health.hpp"
#include "cluster/coordination.hpp"
#include "cluster/election.hpp"
#include "cluster/follower.hpp"
#include "cluster/generation.hpp"
#include "cluster/membership.hpp"

namespace wallaroo::internal::cluster {

/// Time, chance, and a loop that calls back: what differs between a process and the simulator.
class AgentHost {
 public:
  virtual ~AgentHost() = default;
  virtual std::int64_t now_ns() = 0;
  virtual std::uint64_t random_bits() = 0;
  /// Calls `Agent::on_time` at this time, instead of at the time that was told before;
  /// `end_of_time`: never.
  virtual void wake_at(std::int64_t ns) = 0;
};

/// Why an agent is at its end, and what to tell the operator.
struct AgentEnd {
  enum class Why : std::uint8_t {
    left,         ///< as it was told to
    job_ended,    ///< with success if there is no message
    refused,      ///< the cluster does not take this worker
    unreadable,   ///< the keys of the cluster make no sense
    unreachable,  ///< etcd was never reached
    credentials,  ///< etcd does not take the user
    wiped,        ///< etcd has lost its data, or was brought back from a copy
    failed        ///< an exception: a defect of the program, or a lack of memory
  };
  Why why = Why::left;
  std::string message;
};

/// What an agent has the process do. These calls do not wait for anything. They may call the agent
/// back before they return. What each is answered with stands at the decisions (`lead`, `follow`).
class AgentOrders {
 public:
  virtual ~AgentOrders() = default;

  // As the leader.
  /// The members and the assignment of the generation are the agent's `generation()`.
  virtual void carry_out(const lead::Choose& choose) = 0;
  virtual void carry_out(const lead::Restore& restore) = 0;
  virtual void carry_out(const lead::Start& start) = 0;
  virtual void carry_out(const lead::Abandon& abandon) = 0;

  // As a member.
  virtual void carry_out(const follow::StopRun& stop) = 0;
  virtual void carry_out(const follow::Greet& greet) = 0;
  virtual void carry_out(const follow::Load& load) = 0;
  virtual void carry_out(const follow::TellRestored& tell) = 0;
  virtual void carry_out(const follow::StartRun& start) = 0;
  virtual void carry_out(const follow::TellFailed& tell) = 0;

  /// The last call: the agent does nothing more, and its lease is given back.
  virtual void ended(const AgentEnd& end) = 0;
};

struct AgentConfig {
  MembershipConfig membership;
  GenerationConfig generation;
  std::int64_t lease_s = 3;              ///< least 1
  std::int64_t retry_ns = 200'000'000;   ///< of greetings, and of news of a failure
  std::int64_t stagger_ns = 50'000'000;  ///< candidates stand within this time, not at once
  Log log;
};

/// Owns the machines. Everything happens on one thread: answers of `etcd`, `on_time`, and the
/// events below. `etcd`, `host` and `orders` must outlive it, or not call it any more.
class Agent {
 public:
  Agent(const AgentConfig& config, Coordination& etcd, AgentHost& host, AgentOrders& orders);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void begin();
  void on_time();
  /// Ends membership, and then the agent.
  void leave();

  // Events of the worker's own run, and of its control connection to the leader.
  void on_restore(std::uint64_t generation);
  void on_loaded(std::uint64_t generation);
  void on_start(std::uint64_t generation);
  void on_run_failed(std::uint64_t generation, const std::string& reason);
  /// `refused`: nobody listens at the leader's address any more.
  void on_leader_closed(std::uint64_t generation, bool refused);
  void on_stale(std::uint64_t generation);

  // Events for the leader.
  void on_chosen(std::uint64_t generation, std::uint64_t first_number, std::uint64_t restored);
  void on_fenced(std::uint64_t generation);
  void on_refused(std::uint64_t generation, const std::string& message);
  void on_greeted(std::uint64_t generation, const MemberId& member);
  void on_restored(std::uint64_t generation, const MemberId& member);
  void on_progress(std::uint64_t generation);
  void on_failed(std::uint64_t generation, const std::string& reason);
  /// `refused`: nobody listens at the member's address any more.
  void on_member_closed(std::uint64_t generation, const MemberId& member, bool refused);
  void on_complete(std::uint64_t generation);
  void on_finished(std::uint64_t generation);
  void on_job_failed(std::uint64_t generation, const std::string& error);

  /// Whether this worker takes a control connection of that generation: it leads, and knows none
  /// that is newer. Otherwise the caller is told `newest_generation`, and is stale if that is
  /// newer.
  bool takes_control_of(std::uint64_t generation) const;
  std::uint64_t newest_generation() const;

  bool etcd_is_up() const { return health_.up(); }
  /// etcd's own id; 0 until it has answered. Another one after its data was removed.
  std::uint64_t etcd_id() const { return keeper_.cluster_id(); }
  const View& view() const { return view_; }
  const Membership& membership() const { return membership_; }
  const Election& election() const { return election_; }
  const Generation& generation() const { return generation_; }
  const Follower& follower() const { return follower_; }

 private:
  template <class Event>
  void enter(Event event) {
    if (!over_) {
      event();
    }
    if (!over_) {
      host_.wake_at(next_wakeup_ns());
    }
  }
  template <class Kind>
  void carry_out(const std::vector<Kind>& decisions) {
    for (const auto& decision : decisions) {
      if (!over_) {
        std::visit([this](const auto& what) { carry_out_one(what); }, decision);
      }
    }
  }
  void carry_out_one(const keep::Range&);
  void carry_out_one(const keep::Watch& watch);
  void carry_out_one(const keep::Seen& seen);
  void carry_out_one(const keep::Wiped&);
  void carry_out_one(const keep::Broken& broken);

  void carry_out_one(const member::GrantLease&);
  void carry_out_one(const member::Write& write);
  void carry_out_one(const member::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const member::Joined& joined);
  void carry_out_one(const member::Lost& lost);
  void carry_out_one(const member::Revoke& revoke);
  void carry_out_one(const member::Refused& refused);
  void carry_out_one(const member::Left&);

  void carry_out_one(const elect::Write& write);
  void carry_out_one(const elect::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const elect::Lead& lead);
  void carry_out_one(const elect::StepDown&);

  void carry_out_one(const lead::Write& write);
  void carry_out_one(const lead::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const lead::Choose& choose) { orders_.carry_out(choose); }
  void carry_out_one(const lead::Restore& restore) { orders_.carry_out(restore); }
  void carry_out_one(const lead::Start& start);
  void carry_out_one(const lead::Abandon& abandon);
  void carry_out_one(const lead::Exclude& exclude);
  void carry_out_one(const lead::Ended&) {}  // every member reads it in etcd, this one, too

  void carry_out_one(const follow::StopRun& stop) { orders_.carry_out(stop); }
  void carry_out_one(const follow::Greet& greet) { orders_.carry_out(greet); }
  void carry_out_one(const follow::Load& load) { orders_.carry_out(load); }
  void carry_out_one(const follow::TellRestored& tell) { orders_.carry_out(tell); }
  void carry_out_one(const follow::StartRun& start) { orders_.carry_out(start); }
  void carry_out_one(const follow::TellFailed& tell) { orders_.carry_out(tell); }
  void carry_out_one(const follow::ExcludeLeader& exclude);
  void carry_out_one(const follow::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const follow::End& end);

  void carry_out_one(const health::Back& back);
  void carry_out_one(const health::Away& away);
  void carry_out_one(const health::GiveUp& give_up);

  std::int64_t now() { return host_.now_ns(); }
  std::int64_t ready_ns();
  std::int64_t next_wakeup_ns() const;
  void keep_alive();
  void on_kept(std::int64_t lease, const std::variant<LeaseAnswer, NoAnswer>& answer);
  template <class Answer>
  const Answer* heard(const std::variant<Answer, NoAnswer>& answer);
  template <class Written>
  void write(const Transaction& transaction, Written written);
  void revoke(std::int64_t lease);
  void end(AgentEnd::Why why, std::string message);
  void end_when_revoked();

  AgentConfig config_;
  Coordination& etcd_;
  AgentHost& host_;
  AgentOrders& orders_;

  ViewKeeper keeper_;
  Membership membership_;
  Election election_;
  Generation generation_;
  Follower follower_;
  EtcdHealth health_;

  View view_;  ///< the newest
  std::vector<std::string> notes_;
  std::int64_t lease_ = 0;  ///< that is kept alive; 0: none
  std::int64_t ttl_ns_ = 0;
  std::int64_t keep_ns_ = end_of_time;  ///< when it is kept alive again
  std::string reason_;                  ///< of the job's end
  AgentEnd::Why why_ = AgentEnd::Why::left;
  std::size_t revoking_ = 0;  ///< leases
  bool over_ = false;
  bool told_end_ = false;
};

}  // namespace wallaroo::internal::cluster
