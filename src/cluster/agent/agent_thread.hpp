// An agent in a process: its thread, and the etcd that it speaks to.
#pragma once

#include <functional>
#include <memory>

#include "cluster/agent/agent.hpp"
#include "cluster/cluster_url.hpp"
#include "io/event_loop.hpp"

namespace wallaroo::internal::cluster {

/// Runs an agent on a thread of its own, on which `orders` are called. No other thread waits for
/// etcd.
class AgentThread {
 public:
  /// `orders` must outlive this.
  AgentThread(const AgentConfig& config, const EtcdAccess& etcd, AgentOrders& orders);
  AgentThread(const AgentThread&) = delete;
  AgentThread& operator=(const AgentThread&) = delete;
  /// Ends the thread. Nothing is given back: to leave the cluster in good order, call `leave` of
  /// the agent and wait for `ended`.
  ~AgentThread();

  void start();
  /// Calls `event` on the agent's thread, after the events that were posted before. Any thread may
  /// post. After the thread has ended, events are dropped.
  void post(std::function<void(Agent&)> event);
  /// Serves sockets on the agent's thread. A timer that is set outside of its own calls counts from
  /// the next `wake` of the loop on.
  EventLoop& loop();
  /// Ends the thread, and waits for the event that it is in. Not to be called by an order.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal::cluster
