// Part of the simulator of checkpoints: random numbers, mutations, and the application that runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace wallaroo::internal::sim {

/// An invariant of the protocol does not hold.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const char* what) {
  if (!holds) {
    throw Violation(what);
  }
}

/// Numbers that follow from a seed (splitmix64, Steele et al., "Fast Splittable Pseudorandom Number
/// Generators").
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 0x1234567ull) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return next() % bound; }
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }
  bool one_in(std::size_t n) { return n != 0 && below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// Ways to build a worker that loses or repeats records. The simulator must find each.
enum class Mutation : std::uint8_t {
  none,
  take_from_held_inputs,
  commit_before_published,
  forget_a_group,
  resume_one_too_late,
  acknowledge_before_complete,
  rename_before_fsync,
  no_fsync_of_directory,
  no_fsync_of_state,
  recover_without_fsync,
  clean_after_abandon,
  commit_what_is_in_doubt,
  abort_what_is_in_doubt,
  prepare_before_settling,
  save_after_next_record,
  change_before_saving,
  position_after_next_record,
  drop_abandoned_output,
  publish_without_votes,
  vote_before_durable,
  restore_newest_even_if_damaged,
  delete_needed_files,
  go_on_after_lost_output
};

/// All but `none`, and their names in tests.
inline constexpr std::pair<Mutation, const char*> mutations[] = {
    {Mutation::take_from_held_inputs, "TakeFromHeldInputs"},
    {Mutation::commit_before_published, "CommitBeforePublished"},
    {Mutation::forget_a_group, "ForgetAGroup"},
    {Mutation::resume_one_too_late, "ResumeOneTooLate"},
    {Mutation::acknowledge_before_complete, "AcknowledgeBeforeComplete"},
    {Mutation::rename_before_fsync, "RenameBeforeFsync"},
    {Mutation::no_fsync_of_directory, "NoFsyncOfDirectory"},
    {Mutation::no_fsync_of_state, "NoFsyncOfState"},
    {Mutation::recover_without_fsync, "RecoverWithoutFsync"},
    {Mutation::clean_after_abandon, "CleanAfterAbandon"},
    {Mutation::commit_what_is_in_doubt, "CommitWhatIsInDoubt"},
    {Mutation::abort_what_is_in_doubt, "AbortWhatIsInDoubt"},
    {Mutation::prepare_before_settling, "PrepareBeforeSettling"},
    {Mutation::save_after_next_record, "SaveAfterNextRecord"},
    {Mutation::change_before_saving, "ChangeBeforeSaving"},
    {Mutation::position_after_next_record, "PositionAfterNextRecord"},
    {Mutation::drop_abandoned_output, "DropAbandonedOutput"},
    {Mutation::publish_without_votes, "PublishWithoutVotes"},
    {Mutation::vote_before_durable, "VoteBeforeDurable"},
    {Mutation::restore_newest_even_if_damaged, "RestoreNewestEvenIfDamaged"},
    {Mutation::delete_needed_files, "DeleteNeededFiles"},
    {Mutation::go_on_after_lost_output, "GoOnAfterLostOutput"}};

/// How often each record is in some place: [record].
using Counts = std::vector<std::uint16_t>;

/// Sources, segments and sinks, in an order in which all edges go up. A record is a number. Sources
/// give theirs one after the other; a segment counts what it sees, gives it to one or to each of
/// its outputs, and gives a record of its own when all its inputs have ended (as windows do).
struct Graph {
  struct Edge {
    std::size_t to = 0;
    std::size_t input = 0;  ///< which of the inputs of `to`
  };
  struct Node {
    enum class Kind : std::uint8_t { source, segment, sink };
    Kind kind = Kind::segment;
    bool splits = false;  ///< gives each record to one output only
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> outputs;
    std::size_t index = 0;         ///< among the nodes of its kind
    std::size_t first_record = 0;  ///< the first of its own records
    std::size_t records = 0;
  };

  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::size_t sources = 0;
  std::size_t segments = 0;
  std::size_t sinks = 0;
  std::size_t records = 0;
  std::vector<Counts> expected;  ///< [node]: what reaches it when nothing goes wrong

  bool sends(const Node& node, std::size_t output, std::size_t record) const {
    return !node.splits || record % node.outputs.size() == output;
  }
};

inline void add_edge(Graph& graph, std::size_t from, std::size_t to) {
  graph.nodes[from].outputs.push_back(graph.edges.size());
  graph.nodes[to].inputs.push_back(graph.edges.size());
  graph.edges.push_back({to, graph.nodes[to].inputs.size() - 1});
}

inline void add_nodes(Graph& graph, Graph::Node::Kind kind, std::size_t count, Random& random) {
  for (std::size_t i = 0; i != count; ++i) {
    Graph::Node node;
    node.kind = kind;
    node.index = i;
    node.splits = random.below(3) != 0;
    node.first_record = graph.records;
    node.records = kind == Graph::Node::Kind::source    ? random.between(0, 50)
                   : kind == Graph::Node::Kind::segment ? 1
                                                        : 0;
    graph.records += node.records;
    graph.nodes.push_back(node);
  }
}

inline void find_expected(Graph& graph) {
  graph.expected.assign(graph.nodes.size(), Counts(graph.records, 0));
  for (std::size_t i = 0; i != graph.nodes.size(); ++i) {
    const Graph::Node& node = graph.nodes[i];
    for (std::size_t record = 0; record != graph.records; ++record) {
      const bool own = record >= node.first_record && record - node.first_record < node.records;
      const int copies = graph.expected[i][record] + (own ? 1 : 0);
      for (std::size_t output = 0; output != node.outputs.size(); ++output) {
        if (graph.sends(node, output, record)) {
          std::uint16_t& there = graph.expected[graph.edges[node.outputs[output]].to][record];
          there = static_cast<std::uint16_t>(there + copies);
        }
      }
    }
  }
}

inline Graph any_graph(Random& random) {
  Graph graph;
  graph.sources = random.between(1, 3);
  graph.segments = random.between(1, 5);
  graph.sinks = random.between(1, 3);
  add_nodes(graph, Graph::Node::Kind::source, graph.sources, random);
  add_nodes(graph, Graph::Node::Kind::segment, graph.segments, random);
  add_nodes(graph, Graph::Node::Kind::sink, graph.sinks, random);
  const std::size_t first_sink = graph.sources + graph.segments;
  for (std::size_t to = graph.sources; to != graph.nodes.size(); ++to) {
    const std::size_t inputs = random.between(1, 3);
    for (std::size_t i = 0; i != inputs; ++i) {
      add_edge(graph, random.below(to < first_sink ? to : first_sink), to);
    }
  }
  for (std::size_t from = 0; from != first_sink; ++from) {
    if (graph.nodes[from].outputs.empty()) {
      const std::size_t least = from + 1 < graph.sources ? graph.sources : from + 1;
      add_edge(graph, from, random.between(least, graph.nodes.size() - 1));
    }
  }
  find_expected(graph);
  return graph;
}

/// Returns a graph in which no record comes so often that its copies take most of the time.
inline Graph random_graph(Random& random) {
  constexpr std::uint16_t most_copies = 6;
  for (;;) {
    Graph graph = any_graph(random);
    bool small = true;
    for (const Counts& counts : graph.expected) {
      for (const std::uint16_t count : counts) {
        small = small && count <= most_copies;
      }
    }
    if (small) {
      return graph;
    }
  }
}

}  // namespace wallaroo::internal::sim
