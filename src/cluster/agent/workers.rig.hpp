// For tests: workers whose agents are real, on a real etcd. Their runs do nothing, and their
// control connections are calls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "cluster/agent/agent_thread.hpp"

namespace wallaroo::internal::cluster::rig {

/// What a worker is at, as the test sees it.
struct WorkerStatus {
  std::uint64_t running = 0;  ///< the generation whose run reads its sources; 0: none
  std::uint64_t stops = 0;    ///< runs that were stopped
  std::uint64_t incarnation = 0;
  std::uint64_t chosen = 0;  ///< generations that it has begun as the leader
  std::size_t members = 0;   ///< of the generation, as the leader sees it when it starts
  bool etcd_up = false;
  std::optional<AgentEnd> end;
};

class Worker;

/// Finds workers by name, and has what they share: the numbers of the store.
class Town {
 public:
  void move_in(const std::string& name, Worker* worker) {
    const std::lock_guard lock(mutex_);
    workers_[name] = worker;
  }
  void move_out(const std::string& name) {
    const std::lock_guard lock(mutex_);
    workers_.erase(name);
  }
  /// Does something with the worker while it lives there. It must not wait.
  void visit(const std::string& name, const std::function<void(Worker&)>& action) {
    const std::lock_guard lock(mutex_);
    if (const auto found = workers_.find(name); found != workers_.end()) {
      action(*found->second);
    }
  }
  void visit_all(const std::function<void(Worker&)>& action) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, worker] : workers_) {
      action(*worker);
    }
  }
  std::uint64_t next_number() {
    const std::lock_guard lock(mutex_);
    return ++number_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Worker*> workers_;
  std::uint64_t number_ = 0;
};

struct WorkerSetup {
  std::string cluster;
  std::size_t expect = 3;
  std::int64_t lease_s = 2;
  std::string fingerprint = "one";
};

class Worker final : public AgentOrders {
 public:
  Worker(Town& town, std::string name, const EtcdAccess& etcd, const WorkerSetup& setup)
      : town_(town), name_(std::move(name)), agent_(config(setup), etcd, *this) {
    town_.move_in(name_, this);
    agent_.start();
  }
  ~Worker() override {
    town_.move_out(name_);
    agent_.stop();
  }

  const std::string& name() const { return name_; }
  WorkerStatus status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  /// Returns whether the status is like that in time.
  bool wait(const std::function<bool(const WorkerStatus&)>& holds,
            std::chrono::milliseconds most = std::chrono::milliseconds(10'000)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return holds(status_); });
  }
  /// Dies as a process does: its connections are reset, and nobody listens at its address any more.
  /// `silent`: with its machine, so that nobody hears of it.
  void die(bool silent) {
    town_.move_out(name_);
    agent_.stop();
    if (!silent) {
      town_.visit_all([this](Worker& other) { other.lost_peer(name_); });
    }
  }
  /// Does nothing for this long, as after SIGSTOP.
  void sleep(std::chrono::milliseconds time) {
    agent_.post([time](Agent&) { std::this_thread::sleep_for(time); });
  }
  void leave() {
    agent_.post([](Agent& agent) { agent.leave(); });
  }
  /// If it leads, a checkpoint of its generation is complete.
  void complete() {
    agent_.post([](Agent& agent) { agent.on_complete(agent.generation().job().generation); });
  }
  /// If it leads, the job has done all that there was to do.
  void finish() {
    agent_.post([](Agent& agent) { agent.on_finished(agent.generation().job().generation); });
  }
  /// Whether etcd counts as up: asks the agent.
  bool etcd_is_up() {
    agent_.post([this](Agent& agent) {
      note([&](WorkerStatus& status) { status.etcd_up = agent.etcd_is_up(); });
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return status().etcd_up;
  }

 private:
  AgentConfig config(const WorkerSetup& setup) {
    AgentConfig config;
    config.membership.prefix = prefix_of(setup.cluster);
    config.membership.self.id.worker = name_;
    config.membership.self.address = name_;
    config.membership.self.executors = 1;
    config.membership.self.fingerprint = setup.fingerprint;
    config.membership.shared = {"00ff", "agents", setup.fingerprint, 8, "shared", 0};
    config.generation.prefix = config.membership.prefix;
    config.generation.groups = 8;
    config.generation.expect = setup.expect;
    config.lease_s = setup.lease_s;
    if (std::getenv("WALLAROO_AGENT_LOG") != nullptr) {
      config.log = Log(LogLevel::info, [name = name_](LogLevel, std::string_view line) {
        fmt::print(stderr, "{}: {}\n", name, line);
      });
    }
    return config;
  }
  void note(const std::function<void(WorkerStatus&)>& change) {
    const std::lock_guard lock(mutex_);
    change(status_);
    changed_.notify_all();
  }
  /// Lets another worker's agent do something.
  void tell(const std::string& other, std::function<void(Worker&, Agent&)> what) {
    town_.visit(other, [what = std::move(what)](Worker& worker) {
      worker.agent_.post([&worker, what](Agent& agent) { what(worker, agent); });
    });
  }
  void lost_peer(const std::string& other) {
    agent_.post([this, other](Agent& agent) {
      if (greeted_.worker == other) {
        agent.on_leader_closed(greeted_for_, true);
      }
      for (const auto& [id, generation] : std::map(members_)) {
        if (id.worker == other) {
          members_.erase(id);
          agent.on_member_closed(generation, id, true);
        }
      }
      agent.on_run_failed(generation_, "a link was lost");
    });
  }

  // Orders.
  void carry_out(const lead::Choose& choose) override {
    note([&](WorkerStatus& status) { ++status.chosen; });
    agent_.post([n = town_.next_number(), g = choose.generation](Agent& agent) {
      agent.on_chosen(g, n + 1, n - 1);
    });
  }
  void carry_out(const lead::Restore& restore) override {
    agent_.post([this, member = restore.member](Agent& leader) {
      const std::uint64_t g = leader.generation().job().generation;
      tell(member.worker, [g](Worker&, Agent& agent) { agent.on_restore(g); });
    });
  }
  void carry_out(const lead::Start& start) override {
    agent_.post([this, g = start.generation](Agent& leader) {
      const auto& members = leader.generation().job().members;
      note([&](WorkerStatus& status) { status.members = members.size(); });
      for (const JobMember& member : members) {
        tell(member.id.worker, [g](Worker&, Agent& agent) { agent.on_start(g); });
      }
    });
  }
  void carry_out(const lead::Abandon&) override {}

  void carry_out(const follow::StopRun& stop) override {
    note([](WorkerStatus& status) {
      status.running = 0;
      ++status.stops;
    });
    const MemberId leader = std::exchange(greeted_, {});
    tell(leader.worker, [g = stop.generation, self = self_](Worker& worker, Agent& agent) {
      worker.members_.erase(self);
      agent.on_member_closed(g, self, false);
    });
  }
  void carry_out(const follow::Greet& greet) override {
    agent_.post([this, greet](Agent& own) {
      self_ = own.membership().id();
      greeted_ = greet.leader;
      greeted_for_ = greet.generation;
      note([&](WorkerStatus& status) { status.incarnation = self_.incarnation; });
      tell(greet.leader.worker, [g = greet.generation, self = self_](Worker& worker, Agent& agent) {
        if (!agent.takes_control_of(g)) {
          worker.tell(self.worker, [newer = agent.newest_generation()](Worker&, Agent& stale) {
            stale.on_stale(newer);
          });
          return;
        }
        worker.members_[self] = g;
        agent.on_greeted(g, self);
      });
    });
  }
  void carry_out(const follow::Load& load) override {
    generation_ = load.generation;
    agent_.post([g = load.generation](Agent& agent) { agent.on_loaded(g); });
  }
  void carry_out(const follow::TellRestored& told) override {
    tell(greeted_.worker, [g = told.generation, self = self_](Worker&, Agent& agent) {
      agent.on_restored(g, self);
    });
  }
  void carry_out(const follow::StartRun& start) override {
    note([&](WorkerStatus& status) { status.running = start.generation; });
  }
  void carry_out(const follow::TellFailed& told) override {
    tell(told.leader.worker,
         [told](Worker&, Agent& agent) { agent.on_failed(told.generation, told.reason); });
  }
  void ended(const AgentEnd& end) override {
    note([&](WorkerStatus& status) { status.end = end; });
  }

  Town& town_;
  std::string name_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  WorkerStatus status_;

  // Only on the agent's thread.
  MemberId self_;
  MemberId greeted_;  ///< the leader
  std::uint64_t greeted_for_ = 0;
  std::uint64_t generation_ = 0;               ///< of the run
  std::map<MemberId, std::uint64_t> members_;  ///< as the leader: who has greeted, and for what

  AgentThread agent_;
};

}  // namespace wallaroo::internal::cluster::rig
