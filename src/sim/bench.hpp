// Part of the simulator of checkpoints: the messages between the parts of a run, and the
// base of all its tasks, which puts queues around the real Alignment.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkpoint/protocol/alignment.hpp"
#include "sim/graph.hpp"
#include "sim/outside.hpp"

namespace wallaroo::internal::sim {

inline constexpr std::size_t groups = 3;         ///< key groups of a segment
inline constexpr std::size_t instance = groups;  ///< stands for what is kept once per executor
inline constexpr std::size_t mailbox_bound = 4;

/// A message on an edge.
struct Mail {
  enum class Kind : std::uint8_t { record, barrier, end };
  Kind kind = Kind::record;
  std::uint64_t value = 0;  ///< the record, or the number of the barrier
};

/// A message from the checkpointer to a task.
struct Order {
  enum class Kind : std::uint8_t { request, abandon, prepare, commit, acknowledge };
  Kind kind = Kind::request;
  std::uint64_t n = 0;
};

/// A message from a task, a sink or the disk to the checkpointer.
struct Answer {
  enum class Kind : std::uint8_t {
    saved,
    write_failed,
    durable,
    prepared,
    published,
    publish_failed,
    committed,
    roll_back
  };
  Kind kind = Kind::saved;
  std::size_t from = 0;
  std::uint64_t n = 0;
  std::string vote;
};

/// Everything that tasks have saved for a checkpoint and that its manifest will contain.
struct Saved {
  std::uint64_t n = 0;
  std::vector<std::size_t> positions;  ///< [source]
  std::vector<char> ended;             ///< [source]
  std::vector<std::uint64_t> files;    ///< [segment * (groups + 1) + group]
};

/// Shared by the parts of one run, and lost with it.
struct Bench {
  Bench(const Graph& a_graph, Outside& an_outside, Random& a_random, Mutation a_mutation)
      : graph(a_graph),
        outside(an_outside),
        random(a_random),
        mutation(a_mutation),
        mailboxes(a_graph.edges.size()) {}

  const Graph& graph;
  Outside& outside;
  Random& random;
  Mutation mutation;
  std::size_t receivers_answer_one_in = 1;  ///< of the turns in which they could; 1: in all
  std::size_t trouble_one_in = 0;           ///< of the things that can fail; 0: none does
  std::vector<std::deque<Mail>> mailboxes;
  std::vector<Answer> answers;  ///< on their way; may overtake each other
  Saved saved;

  bool is(Mutation other) const { return mutation == other; }
  bool trouble() { return random.one_in(trouble_one_in); }
  void answer(Answer::Kind kind, std::size_t from, std::uint64_t n, std::string vote = {}) {
    answers.push_back({kind, from, n, std::move(vote)});
  }
};

class SimTask {
 public:
  SimTask(Bench& bench, std::size_t id)
      : bench_(bench), id_(id), node_(bench.graph.nodes[id]), alignment_(node_.inputs.size()) {}
  virtual ~SimTask() = default;

  void order(const Order& order) { orders_.push_back(order); }
  /// Does something, if there is anything to do.
  void step() {
    if (!orders_.empty() && bench_.random.one_in(2)) {
      if (obey(orders_.front())) {
        orders_.pop_front();
      }
      return;
    }
    if (room()) {
      work();
    }
  }
  /// The task has ended and has passed that on.
  virtual bool done() const = 0;

 protected:
  /// Carries an order out. Returns false if that is not possible yet.
  virtual bool obey(const Order& order) = 0;
  /// Called only while all outputs have room.
  virtual void work() = 0;

  bool room() const {
    for (const std::size_t edge : node_.outputs) {
      if (bench_.mailboxes[edge].size() >= mailbox_bound) {
        return false;
      }
    }
    return true;
  }
  void give(std::size_t record) {
    for (std::size_t i = 0; i != node_.outputs.size(); ++i) {
      if (bench_.graph.sends(node_, i, record)) {
        bench_.mailboxes[node_.outputs[i]].push_back({Mail::Kind::record, record});
      }
    }
  }
  void broadcast(Mail mail) {
    for (const std::size_t edge : node_.outputs) {
      bench_.mailboxes[edge].push_back(mail);
    }
  }
  /// The next record of an input that need not wait. Barriers and ends are handled in here.
  std::optional<std::size_t> take() {
    const std::size_t first = bench_.random.below(node_.inputs.size());
    for (std::size_t i = 0; i != node_.inputs.size(); ++i) {
      const std::size_t input = (first + i) % node_.inputs.size();
      std::deque<Mail>& mailbox = bench_.mailboxes[node_.inputs[input]];
      const bool held = alignment_.holds(input) && !bench_.is(Mutation::take_from_held_inputs);
      if (held || mailbox.empty()) {
        continue;
      }
      const Mail mail = mailbox.front();
      mailbox.pop_front();
      if (mail.kind == Mail::Kind::record) {
        return mail.value;
      }
      mail.kind == Mail::Kind::barrier ? alignment_.on_barrier(input, mail.value)
                                       : alignment_.on_end(input);
      return std::nullopt;
    }
    return std::nullopt;
  }

  Bench& bench_;
  std::size_t id_;
  const Graph::Node& node_;
  Alignment alignment_;

 private:
  std::deque<Order> orders_;
};

}  // namespace wallaroo::internal::sim
