// Part of the simulator of clusters: what a worker does in generations, as leader and as follower.
#pragma once

#include "sim/cluster/worker_etcd.hpp"

namespace wallaroo::internal::sim {

inline void Worker::carry_out(const cluster::lead::Choose& choose) {
  ++world_.happened.generations;
  GenerationPlan plan;
  plan.cluster = agent_.etcd_id();
  plan.generation = choose.generation;
  plan.members = agent_.generation().job().members;
  plan.assignment = agent_.generation().assignment();
  leader_ = std::make_shared<Leader>(world_, plan, leader_port(choose.generation));
  leader_->choose();
}

inline LeaderPort Worker::leader_port(std::uint64_t g) {
  LeaderPort port;
  port.process = process_;
  port.order_all = [this, g](const std::function<void(Part&)>& what) {
    for (const cluster::JobMember& member : agent_.generation().job().members) {
      order(member.id, [g, what](Worker& other) {
        if (other.runs(g)) {
          what(*other.part_);
        }
      });
    }
  };
  port.chosen = [this, g](std::uint64_t first, std::uint64_t restored) {
    enter([&] { agent_.on_chosen(g, first, restored); });
  };
  port.fenced = [this, g] { enter([&] { agent_.on_fenced(g); }); };
  port.failed = [this, g](const std::string& reason) {
    enter([&] { agent_.on_failed(g, reason); });
  };
  port.complete = [this, g] { enter([&] { agent_.on_complete(g); }); };
  port.finished = [this, g] { enter([&] { agent_.on_finished(g); }); };
  return port;
}

/// Sends an order to a member over its control connection.
inline void Worker::order(const cluster::MemberId& member,
                          const std::function<void(Worker&)>& what) {
  const auto control = controls_.find(member);
  if (control == controls_.end()) {
    return;
  }
  const std::size_t to = host_named(member.worker);
  world_.network.send(control->second.socket, [world = &world_, to, what] {
    Worker& other = *world->workers[to];
    other.enter([&] { what(other); });
  });
}

inline void Worker::carry_out(const cluster::lead::Restore& restore) {
  order(restore.member, [plan = leader_->plan()](Worker& other) {
    other.next_plan_ = plan;
    other.agent_.on_restore(plan.generation);
  });
}

inline void Worker::carry_out(const cluster::lead::Start& start) {
  leader_->start();
  for (const cluster::JobMember& member : agent_.generation().job().members) {
    order(member.id, [g = start.generation](Worker& other) { other.agent_.on_start(g); });
  }
}

inline void Worker::accept_control(const Socket& socket, const Hello& hello) {
  const cluster::MemberId other = hello.from;
  const std::uint64_t generation = hello.generation;
  if (hello.etcd != agent_.etcd_id() || !agent_.takes_control_of(generation)) {
    const std::uint64_t newer = agent_.newest_generation();
    const std::size_t to = host_named(other.worker);
    world_.network.send(socket, [world = &world_, to, newer] {
      Worker& stale = *world->workers[to];
      stale.enter([&] { stale.agent_.on_stale(newer); });
    });
    Socket closing = socket;
    world_.network.close(closing);
    return;
  }
  controls_[other] = {socket, other, generation};
  world_.network.on_closed(socket, [this, socket, other, generation](bool refused) {
    enter([&] {
      const auto found = controls_.find(other);
      if (found != controls_.end() && found->second.socket == socket) {
        controls_.erase(found);
        agent_.on_member_closed(generation, other, refused);
      }
    });
  });
  if (hello.greets) {
    agent_.on_greeted(generation, other);
  }
}

/// Connects to the leader, unless there is such a connection. Returns whether there is one now.
inline bool Worker::call_leader(const cluster::MemberId& leader, std::uint64_t generation,
                                bool greets) {
  const bool open = control_.socket && control_.other == leader;
  if (open && control_.generation == generation) {
    return true;
  }
  world_.network.close(control_.socket);
  const std::size_t to = host_named(leader.worker);
  control_ = {{}, leader, generation};
  control_.socket = world_.network.dial(
      process_, to,
      [world = &world_, to,
       hello = Hello{agent_.etcd_id(), generation, agent_.membership().id(), greets}](
          const Socket& socket) {
        Worker& other = *world->workers[to];
        other.enter([&] { other.accept_control(socket, hello); });
      },
      [this, generation](bool refused) { enter([&] { control_closed(generation, refused); }); });
  return false;
}

inline void Worker::control_closed(std::uint64_t generation, bool refused) {
  control_.socket = {};
  agent_.on_leader_closed(generation, refused);
}

inline void Worker::tell_leader(std::uint64_t generation,
                                const std::function<void(Worker&)>& what) {
  if (control_.generation != generation) {
    return;
  }
  const std::size_t to = host_named(control_.other.worker);
  world_.network.send(control_.socket, [world = &world_, to, what] {
    Worker& other = *world->workers[to];
    other.enter([&] { what(other); });
  });
}

inline void Worker::tell_leader_of(std::uint64_t g, const std::function<void(Leader&)>& what) {
  tell_leader(g, [g, what](Worker& other) {
    if (const auto leader = other.leader_; leader && leader->plan().generation == g) {
      what(*leader);
    }
  });
}

inline void Worker::carry_out(const cluster::follow::StopRun&) {
  part_.reset();
  world_.network.close(control_.socket);
  for (Socket& link : links_out_) {
    world_.network.close(link);
  }
  links_out_.clear();
  if (!world_.is(ClusterMutation::accept_stale_links)) {
    for (Socket& link : links_in_) {
      world_.network.close(link);
    }
    links_in_.clear();
  }
}

inline void Worker::carry_out(const cluster::follow::Greet& greet) {
  call_leader(greet.leader, greet.generation, true);
}

inline void Worker::carry_out(const cluster::follow::TellFailed& tell) {
  call_leader(tell.leader, tell.generation, false);
  tell_leader(tell.generation, [g = tell.generation, reason = tell.reason](Worker& other) {
    other.agent_.on_failed(g, reason);
  });
}

inline void Worker::carry_out(const cluster::follow::TellRestored& tell) {
  tell_leader(tell.generation, [g = tell.generation, self = agent_.membership().id()](
                                   Worker& other) { other.agent_.on_restored(g, self); });
}

inline PartPort Worker::part_port(std::uint64_t g, std::size_t member) {
  PartPort port;
  port.process = process_;
  port.member = member;
  port.send = [this](std::size_t to, std::size_t task, std::size_t input, Message message) {
    send(to, task, input, message);
  };
  port.saved = [this, g, member](const PartSaved& saved) {
    tell_leader_of(g, [member, saved](Leader& leader) { leader.on_saved(member, saved); });
  };
  port.save_failed = [this, g](std::uint64_t n) {
    tell_leader_of(g, [n](Leader& leader) { leader.on_save_failed(n); });
  };
  port.prepared = [this, g](std::size_t sink, std::uint64_t n, const std::string& vote) {
    tell_leader_of(g, [=](Leader& leader) { leader.on_prepared(sink, n, vote); });
  };
  port.committed = [this, g](std::size_t sink, std::uint64_t n) {
    tell_leader_of(g, [=](Leader& leader) { leader.on_committed(sink, n); });
  };
  port.quiet = [this, g, member] {
    tell_leader_of(g, [member](Leader& leader) { leader.on_quiet(member); });
  };
  port.failed = [this, g](const std::string& reason) {
    // Not at once: the run that fails is on the stack.
    world_.network.run_later(process_, 0, [this, g, reason] { run_failed(g, reason); });
  };
  return port;
}

inline void Worker::carry_out(const cluster::follow::Load& what) {
  const std::uint64_t g = what.generation;
  std::size_t member = 0;
  while (next_plan_.members[member].id != agent_.membership().id()) {
    ++member;
  }
  part_ = std::make_unique<Part>(world_, next_plan_, part_port(g, member));
  require(!part_->lacks_state() || !part_->is_newest(), "no file that is needed was pruned");
  if (part_->lacks_state() || !part_->open_sinks()) {
    part_->port().failed("a newer generation has begun");
    return;
  }
  links_out_.assign(next_plan_.members.size(), {});
  linked_.assign(next_plan_.members.size(), 0);
  for (std::size_t other = 0; other != next_plan_.members.size(); ++other) {
    other == member ? linked(other) : dial(other);
  }
  plan_turn();
}

inline void Worker::dial(std::size_t member) {
  const GenerationPlan& plan = part_->plan();
  const std::uint64_t g = plan.generation;
  const std::size_t to = host_named(plan.members[member].id.worker);
  links_out_[member] = world_.network.dial(
      process_, to,
      [world = &world_, to, from = host_, member, etcd = plan.cluster, g](const Socket& socket) {
        Worker& other = *world->workers[to];
        other.enter([&] { other.accept_link(socket, etcd, g); });
        world->network.send(socket, [world, from, member, g] {
          Worker& dialer = *world->workers[from];
          dialer.enter([&] {
            if (dialer.runs(g)) {
              dialer.linked(member);
            }
          });
        });
      },
      [this, g, member](bool) {
        if (!runs(g)) {
          return;
        }
        if (linked_[member] == 0 || world_.is(ClusterMutation::reconnect_links)) {
          // The other one may not be that far yet.
          world_.network.run_later(process_, 20 * ms, [this, g, member] {
            if (runs(g)) {
              enter([&] { dial(member); });
            }
          });
        } else {
          run_failed(g, "a link was lost");
        }
      });
}

inline void Worker::accept_link(const Socket& socket, std::uint64_t etcd, std::uint64_t g) {
  const bool fits = part_ && part_->plan().cluster == etcd && part_->plan().generation == g;
  if (!fits && !(part_ && world_.is(ClusterMutation::accept_stale_links))) {
    ++world_.happened.stale;
    Socket closing = socket;
    world_.network.close(closing);
    return;
  }
  links_in_.push_back(socket);
  world_.network.on_closed(socket, [this, g](bool) {
    if (runs(g) && !world_.is(ClusterMutation::reconnect_links)) {
      run_failed(g, "a link was lost");
    }
  });
}

/// This member can send to that one.
inline void Worker::linked(std::size_t member) {
  linked_[member] = 1;
  if (std::find(linked_.begin(), linked_.end(), 0) == linked_.end()) {
    agent_.on_loaded(part_->plan().generation);
  }
}

inline void Worker::run_failed(std::uint64_t g, const std::string& reason) {
  enter([&] { agent_.on_run_failed(g, reason); });
}

inline void Worker::send(std::size_t member, std::size_t task, std::size_t input, Message message) {
  const std::size_t to = host_named(part_->plan().members[member].id.worker);
  if (to == host_) {
    part_->receive(task, input, message);
    return;
  }
  world_.network.send(links_out_[member], [world = &world_, to, task, input, message] {
    Worker& other = *world->workers[to];
    if (other.part_) {
      other.part_->receive(task, input, message);
    }
  });
}

inline void Worker::plan_turn() {
  const std::uint64_t g = part_->plan().generation;
  world_.network.run_later(process_, world_.between(3, 25) * ms, [this, g] {
    if (runs(g)) {
      enter([&] { part_->turn(); });
    }
    if (runs(g)) {
      plan_turn();
    }
  });
}

}  // namespace wallaroo::internal::sim
