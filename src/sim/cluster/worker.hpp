// Part of the simulator of clusters: one process, the shell around the real machines of a member.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/election.hpp"
#include "cluster/follower.hpp"
#include "cluster/generation.hpp"
#include "cluster/membership.hpp"
#include "sim/cluster/leader.hpp"
#include "sim/cluster/part.hpp"

namespace wallaroo::internal::sim {

inline std::string name_of_host(std::size_t host) { return std::string(1, char('A' + host)); }
inline std::size_t host_named(const std::string& worker) {
  return static_cast<std::size_t>(worker[0] - 'A');
}

class Worker {
 public:
  Worker(World& world, std::size_t host);

  void begin();
  /// For those who look for the reason of a violation.
  std::string text() const;

 private:
  struct Control {
    Socket socket;
    cluster::MemberId other;
    std::uint64_t generation = 0;
  };

  // worker.cpp part 1: etcd.
  void enter(const std::function<void()>& event);
  void arm();
  void tick();
  void keep_alive();
  void seen(const cluster::View& view);
  void write(const cluster::Transaction& transaction,
             const std::function<void(cluster::Outcome)>& outcome);
  std::int64_t ready_ns() { return world_.time.now() + world_.between(0, 50) * ms; }
  std::int64_t now() const { return world_.time.now(); }
  template <class Kind>
  void carry_out(const std::vector<Kind>& decisions) {
    for (const auto& decision : decisions) {
      if (!exited_) {
        std::visit([this](const auto& what) { carry_out_one(what); }, decision);
      }
    }
  }
  void revoke(std::int64_t lease);
  void end();

  void carry_out_one(const cluster::keep::Range&);
  void carry_out_one(const cluster::keep::Watch& watch);
  void carry_out_one(const cluster::keep::Seen& what) { seen(what.view); }
  void carry_out_one(const cluster::keep::Wiped&) { end(); }
  void carry_out_one(const cluster::keep::Broken& broken) { throw Violation(broken.message); }

  void carry_out_one(const cluster::member::GrantLease&);
  void carry_out_one(const cluster::member::Write& what);
  void carry_out_one(const cluster::member::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const cluster::member::Joined& joined);
  void carry_out_one(const cluster::member::Lost&);
  void carry_out_one(const cluster::member::Revoke& what) {
    lease_ = 0;
    revoke(what.lease);
  }
  void carry_out_one(const cluster::member::Refused&) { end(); }
  void carry_out_one(const cluster::member::Left&) { end(); }

  void carry_out_one(const cluster::elect::Write& what);
  void carry_out_one(const cluster::elect::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const cluster::elect::Lead& lead);
  void carry_out_one(const cluster::elect::StepDown&) { carry_out(generation_.on_step_down()); }

  // worker_runs.hpp: generations.
  void carry_out_one(const cluster::lead::Write& what);
  void carry_out_one(const cluster::lead::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const cluster::lead::Choose& choose);
  void carry_out_one(const cluster::lead::Restore& restore);
  void carry_out_one(const cluster::lead::Start& start);
  void carry_out_one(const cluster::lead::Abandon& abandon);
  void carry_out_one(const cluster::lead::Exclude& exclude) { revoke(exclude.lease); }
  void carry_out_one(const cluster::lead::Ended&) {}

  void carry_out_one(const cluster::follow::StopRun&);
  void carry_out_one(const cluster::follow::Greet& greet);
  void carry_out_one(const cluster::follow::Load&);
  void carry_out_one(const cluster::follow::TellRestored& tell);
  void carry_out_one(const cluster::follow::StartRun&);
  void carry_out_one(const cluster::follow::TellFailed& tell);
  void carry_out_one(const cluster::follow::ExcludeLeader& exclude) { revoke(exclude.lease); }
  void carry_out_one(const cluster::follow::Read&) { carry_out(keeper_.read()); }
  void carry_out_one(const cluster::follow::End&);

  LeaderPort leader_port(std::uint64_t generation);
  PartPort part_port(std::uint64_t generation, std::size_t member);
  void order(const cluster::MemberId& member, const std::function<void(Worker&)>& what);
  bool call_leader(const cluster::MemberId& leader, std::uint64_t generation, bool greets);
  void tell_leader(std::uint64_t generation, const std::function<void(Worker&)>& what);
  void tell_leader_of(std::uint64_t generation, const std::function<void(Leader&)>& what);
  struct Hello {
    std::uint64_t etcd = 0;
    std::uint64_t generation = 0;
    cluster::MemberId from;
    bool greets = false;
  };
  void accept_control(const Socket& socket, const Hello& hello);
  void control_closed(std::uint64_t generation, bool refused);
  void load(GenerationPlan plan);
  void dial(std::size_t member);
  void accept_link(const Socket& socket, std::uint64_t etcd, std::uint64_t generation);
  void linked(std::size_t member);
  void run_failed(std::uint64_t generation, const std::string& reason);
  void send(std::size_t member, std::size_t task, std::size_t input, Message message);
  void plan_turn();
  bool runs(std::uint64_t generation) const {
    return part_ && part_->plan().generation == generation;
  }

  World& world_;
  std::size_t host_;
  ProcessId process_;
  bool exited_ = false;
  std::int64_t armed_ns_ = end_of_time;
  std::uint64_t watch_ = 0;
  std::int64_t lease_ = 0;
  std::uint64_t etcd_ = 0;
  std::int64_t revision_ = 0;

  cluster::ViewKeeper keeper_;
  cluster::Membership membership_;
  cluster::Election election_;
  cluster::Generation generation_;
  cluster::Follower follower_;

  std::shared_ptr<Leader> leader_;
  std::map<cluster::MemberId, Control> controls_;  ///< as the leader
  Control control_;                                ///< to the leader
  GenerationPlan next_plan_;                       ///< what the leader told to restore
  std::unique_ptr<Part> part_;
  std::vector<Socket> links_out_;  ///< [member]
  std::vector<Socket> links_in_;
  std::vector<char> linked_;  ///< [member]: it takes what is sent
};

}  // namespace wallaroo::internal::sim
