// Part of the simulator of clusters: one process, the shell around the real agent of a member.
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

#include "cluster/agent/agent.hpp"
#include "sim/cluster/coordination.hpp"
#include "sim/cluster/leader.hpp"
#include "sim/cluster/part.hpp"

namespace wallaroo::internal::sim {

inline std::string name_of_host(std::size_t host) { return std::string(1, char('A' + host)); }
inline std::size_t host_named(const std::string& worker) {
  return static_cast<std::size_t>(worker[0] - 'A');
}

class Worker final : private cluster::AgentHost, private cluster::AgentOrders {
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

  // The agent's surroundings.
  std::int64_t now_ns() override { return world_.time.now(); }
  std::uint64_t random_bits() override { return world_.random.next(); }
  void wake_at(std::int64_t ns) override {
    agent_wakes_ns_ = ns;
    arm();
  }
  void enter(const std::function<void()>& event);
  void arm();
  void tick();
  void end();

  void carry_out(const cluster::lead::Choose& choose) override;
  void carry_out(const cluster::lead::Restore& restore) override;
  void carry_out(const cluster::lead::Start& start) override;
  void carry_out(const cluster::lead::Abandon&) override { leader_.reset(); }
  void carry_out(const cluster::follow::StopRun&) override;
  void carry_out(const cluster::follow::Greet& greet) override;
  void carry_out(const cluster::follow::Load& load) override;
  void carry_out(const cluster::follow::TellRestored& tell) override;
  void carry_out(const cluster::follow::StartRun&) override { part_->start(); }
  void carry_out(const cluster::follow::TellFailed& tell) override;
  void ended(const cluster::AgentEnd& end) override;

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
  std::int64_t agent_wakes_ns_ = end_of_time;
  SimCoordination coordination_;
  cluster::Agent agent_;

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
