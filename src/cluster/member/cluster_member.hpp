// A worker in its cluster: its agent, and its control connections, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cluster/agent/agent.hpp"
#include "cluster/cluster_url.hpp"
#include "cluster/control/message.hpp"
#include "link/hello.hpp"
#include "link/introduced.hpp"

namespace wallaroo::internal::cluster {

struct MemberSetup {
  /// The member's address is filled in.
  AgentConfig agent;
  EtcdAccess etcd;
  std::uint64_t fingerprint = 0;
  std::string listen = "127.0.0.1:0";  ///< for links and control connections
  std::string advertise = {};          ///< where others find it; empty: what is bound
  std::string token = {};              ///< of the cluster; empty: it has none
};

/// What a generation has the process do. Called on the member's thread; nothing may wait. Each call
/// names the generation, and is answered by the event of the agent that it names.
class GenerationWork {
 public:
  virtual ~GenerationWork() = default;

  // As the leader.
  /// Claim the store, and choose a checkpoint (`Agent::on_chosen`, `on_fenced`, `on_refused`).
  virtual void choose(std::uint64_t generation) = 0;
  /// All members read their sources: take checkpoints (in the end `Agent::on_failed`,
  /// `on_finished`).
  virtual void lead(std::uint64_t generation) = 0;
  /// Take no more, publish and commit nothing.
  virtual void abandon(std::uint64_t generation) = 0;
  /// A member has said something about checkpoints. `member`: its index in the generation.
  virtual void reported(std::uint64_t generation, std::size_t member,
                        const control::Message& message) = 0;

  // As a member.
  /// Make a run, and load its state (`Agent::on_loaded`, `on_run_failed`).
  virtual void load(std::uint64_t generation, const control::Restore& restore) = 0;
  virtual void start(std::uint64_t generation) = 0;
  virtual void stop(std::uint64_t generation) = 0;
  /// The leader has said something about checkpoints.
  virtual void ordered(std::uint64_t generation, const control::Message& message) = 0;
  /// An executor of another member has dialled.
  virtual void take_link(const link::Hello& hello, link::Introduced introduced) = 0;

  /// The last call.
  virtual void ended(const AgentEnd& end) = 0;
};

/// Functions may be called from any thread.
class ClusterMember {
 public:
  /// Listens. `work` must outlive this. Throws ConfigError or IoError.
  ClusterMember(const MemberSetup& setup, GenerationWork& work);
  ClusterMember(const ClusterMember&) = delete;
  ClusterMember& operator=(const ClusterMember&) = delete;
  /// Ends the thread. Nothing is given back to etcd; see `leave`.
  ~ClusterMember();

  void start();
  /// Gives the membership back; then `ended` is called.
  void leave();
  /// Ends the thread, as if the process died. No call follows.
  void stop();
  /// Where other workers find this one.
  const std::string& address() const;

  /// Calls `event` on the member's thread.
  void post(std::function<void(Agent&)> event);
  /// Says something to the leader of that generation, while there is a connection to it.
  void tell_leader(std::uint64_t generation, control::Message message);
  /// As the leader of that generation: says something to all members that are connected.
  void tell_members(std::uint64_t generation, control::Message message);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal::cluster
