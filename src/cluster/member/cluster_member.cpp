#include "cluster/member/cluster_member.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/agent/agent_thread.hpp"
#include "cluster/member/control_lines.hpp"
#include "io/socket.hpp"
#include "link/worker_listener.hpp"

namespace wallaroo::internal::cluster {

class ClusterMember::Impl final : private AgentOrders {
 public:
  Impl(const MemberSetup& setup, GenerationWork& work)
      : Impl(setup, work, listen_tcp(setup.listen)) {}
  Impl(const MemberSetup& setup, GenerationWork& work, FileDescriptor socket)
      : log_(setup.agent.log),
        fingerprint_(setup.fingerprint),
        address_(setup.advertise.empty() ? local_address(socket.get()).to_string()
                                         : setup.advertise),
        work_(work),
        thread_(with_address(setup.agent, address_), setup.etcd, *this),
        lines_(thread_.loop(), setup.token, log_, line_calls()),
        listener_(thread_.loop(), {std::move(socket), setup.token, log_},
                  {[this](const link::ProvedHello& hello) { return judge(hello); },
                   [this](const link::Hello& hello, link::Introduced introduced) {
                     accepted(hello, std::move(introduced));
                   }}) {}
  ~Impl() override { thread_.stop(); }

  void start() {
    thread_.loop().post([this] { listener_.start(); });
    post([this](Agent& agent) { agent_ = &agent; });
    thread_.start();
  }
  void stop() { thread_.stop(); }
  void post(std::function<void(Agent&)> event) { thread_.post(std::move(event)); }
  const std::string& address() const { return address_; }
  ControlLines& lines() { return lines_; }

 private:
  static AgentConfig with_address(AgentConfig config, const std::string& address) {
    config.membership.self.address = address;
    return config;
  }
  ControlLines::Calls line_calls() {
    return {[this](std::uint64_t g, const control::Message& message) { ordered(g, message); },
            [this](std::uint64_t g, bool refused) { agent_->on_leader_closed(g, refused); },
            [this](std::uint64_t g) { agent_->on_stale(g); },
            [this](std::uint64_t g, const MemberId& id, const control::Message& message) {
              reported(g, id, message);
            },
            [this](std::uint64_t g, const MemberId& id, bool refused) {
              agent_->on_member_closed(g, id, refused);
            }};
  }

  // Connections from others.

  link::Answer judge(const link::ProvedHello& proved) const {
    if (!agent_->view().cluster) {
      return {link::AnswerCode::not_now, 0, "this worker has not joined the cluster yet"};
    }
    const bool leads = agent_->election().term() != 0;
    return link::judge(proved, {link::parse_cluster_id(agent_->view().cluster->id), fingerprint_,
                                agent_->newest_generation(),
                                leads ? static_cast<std::uint64_t>(agent_->election().term()) : 0});
  }
  void accepted(const link::Hello& hello, link::Introduced introduced) {
    if (hello.kind == link::ConnectionKind::records) {
      work_.take_link(hello, std::move(introduced));
      return;
    }
    const std::vector<JobMember>& members = agent_->generation().job().members;
    if (hello.kind != link::ConnectionKind::control || hello.from >= members.size() ||
        members[hello.from].id.incarnation != hello.incarnation) {
      return;  // and the connection is closed
    }
    const MemberId id = members[hello.from].id;
    const auto found = agent_->view().members.find(id.worker);
    if (found == agent_->view().members.end()) {
      return;
    }
    lines_.take_member({id, found->second.address, hello.generation}, hello, std::move(introduced));
    agent_->on_greeted(hello.generation, id);
  }

  // What is said on control connections.

  void ordered(std::uint64_t g, const control::Message& message) {
    if (const auto* restore = std::get_if<control::Restore>(&message)) {
      restore_ = *restore;
      agent_->on_restore(g);
    } else if (std::holds_alternative<control::Start>(message)) {
      agent_->on_start(g);
    } else {
      work_.ordered(g, message);
    }
  }
  void reported(std::uint64_t g, const MemberId& id, const control::Message& message) {
    if (std::holds_alternative<control::Restored>(message)) {
      agent_->on_restored(g, id);
    } else if (std::holds_alternative<control::Progress>(message)) {
      agent_->on_progress(g);
    } else if (const auto* failed = std::get_if<control::Failed>(&message)) {
      agent_->on_failed(g, failed->reason);
    } else if (const auto* job = std::get_if<control::JobFailed>(&message)) {
      agent_->on_job_failed(g, job->error);
    } else if (const auto index = index_of(agent_->generation().job(), id)) {
      work_.reported(g, *index, message);
    }
  }
  static std::optional<std::size_t> index_of(const JobRecord& job, const MemberId& id) {
    const auto found = std::find_if(job.members.begin(), job.members.end(),
                                    [&](const JobMember& member) { return member.id == id; });
    return found == job.members.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - job.members.begin()));
  }

  // Orders of the agent, as the leader.

  void carry_out(const lead::Choose& choose) override { work_.choose(choose.generation); }
  void carry_out(const lead::Restore& restore) override {
    const JobRecord& job = agent_->generation().job();
    control::Restore message;
    message.restored = job.restored;
    message.first_number = job.first_number;
    message.assignment = agent_->generation().assignment();
    for (const JobMember& member : job.members) {
      const auto found = agent_->view().members.find(member.id.worker);
      const bool known = found != agent_->view().members.end();
      message.members.push_back(
          {member.id, member.executors, known ? found->second.address : std::string()});
    }
    lines_.tell_member(job.generation, restore.member, message);
  }
  void carry_out(const lead::Start& start) override {
    lines_.tell_members(start.generation, control::Start{});
    work_.lead(start.generation);
  }
  void carry_out(const lead::Abandon& abandon) override {
    work_.abandon(abandon.generation);
    // Not at once: a connection may be on the stack.
    thread_.loop().post([this, g = abandon.generation] { lines_.close_members(g); });
  }

  // Orders of the agent, as a member.

  void carry_out(const follow::StopRun& stop) override {
    work_.stop(stop.generation);
    // Not at once: why it stops may still have to be said.
    thread_.loop().post([this, g = stop.generation] { lines_.hang_up(g); });
  }
  void carry_out(const follow::Greet& greet) override {
    call(greet.leader, greet.address, greet.generation);
  }
  void carry_out(const follow::Load& load) override { work_.load(load.generation, restore_); }
  void carry_out(const follow::TellRestored& tell) override {
    lines_.tell_leader(tell.generation, control::Restored{});
  }
  void carry_out(const follow::StartRun& start) override { work_.start(start.generation); }
  void carry_out(const follow::TellFailed& tell) override {
    call(tell.leader, tell.address, tell.generation);
    lines_.tell_leader(tell.generation, control::Failed{tell.reason});
  }
  void ended(const AgentEnd& end) override { work_.ended(end); }

  void call(const MemberId& leader, const std::string& address, std::uint64_t generation) {
    const View& view = agent_->view();
    if (!view.cluster || !view.job || !view.leader || view.job->generation != generation) {
      return;
    }
    const auto from = index_of(*view.job, agent_->membership().id());
    if (!from) {
      return;
    }
    link::Hello hello;
    hello.cluster = link::parse_cluster_id(view.cluster->id);
    hello.fingerprint = fingerprint_;
    hello.generation = generation;
    hello.term = static_cast<std::uint64_t>(view.leader->term);
    hello.incarnation = agent_->membership().id().incarnation;
    hello.from = static_cast<std::uint16_t>(*from);
    hello.kind = link::ConnectionKind::control;
    lines_.call_leader({leader, address, generation}, hello);
  }

  // Constant after construction.
  Log log_;
  std::uint64_t fingerprint_;
  std::string address_;
  GenerationWork& work_;
  // Does its own locking, and ends first: the others are used on its thread.
  AgentThread thread_;
  // Only on the agent's thread.
  Agent* agent_ = nullptr;
  ControlLines lines_;
  link::WorkerListener listener_;
  control::Restore restore_;  ///< what the leader told last
};

ClusterMember::ClusterMember(const MemberSetup& setup, GenerationWork& work)
    : impl_(std::make_unique<Impl>(setup, work)) {}
ClusterMember::~ClusterMember() = default;

void ClusterMember::start() { impl_->start(); }
void ClusterMember::leave() {
  impl_->post([](Agent& agent) { agent.leave(); });
}
void ClusterMember::stop() { impl_->stop(); }
const std::string& ClusterMember::address() const { return impl_->address(); }
void ClusterMember::post(std::function<void(Agent&)> event) { impl_->post(std::move(event)); }
void ClusterMember::tell_leader(std::uint64_t generation, control::Message message) {
  impl_->post([this, generation, message = std::move(message)](Agent&) {
    impl_->lines().tell_leader(generation, message);
  });
}
void ClusterMember::tell_members(std::uint64_t generation, control::Message message) {
  impl_->post([this, generation, message = std::move(message)](Agent&) {
    impl_->lines().tell_members(generation, message);
  });
}

}  // namespace wallaroo::internal::cluster
