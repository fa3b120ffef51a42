// Part of the simulator of checkpoints: a worker is disturbed, dies and starts again, all from one
// seed.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/protocol/recovery.hpp"
#include "sim/run.hpp"

namespace wallaroo::internal::sim {

/// Counts what happened in one or more simulations, to show that the simulator tries all of it.
struct Happened {
  std::size_t steps = 0;
  std::size_t runs = 0;
  std::size_t crashes = 0;
  std::size_t roll_backs = 0;
  std::size_t failures = 0;
  std::size_t stops = 0;
  std::size_t checkpoints = 0;
  std::size_t abandoned = 0;
  std::size_t in_doubt_committed = 0;
  std::size_t in_doubt_aborted = 0;
  std::size_t passed_over = 0;  ///< damaged checkpoints
};

/// Runs a random application to its end: first disturbed in all ways for a random time, then in
/// peace. Checks at every start that committed output, restored state and positions are one cut
/// through an undisturbed run, and at the end that nothing is missing. Throws Violation, or
/// std::logic_error if a class under test finds an invariant broken.
class Simulation {
 public:
  Simulation(std::uint64_t seed, Mutation mutation, Happened& happened)
      : random_(seed),
        mutation_(mutation),
        graph_(random_graph(random_)),
        outside_(graph_),
        happened_(happened) {
    chaos_steps_ = random_.one_in(5) ? 0 : random_.between(100, 8000);
    crash_one_in_ = random_.between(200, 3000);
    trouble_one_in_ = random_.between(10, 300);
    stop_one_in_ = random_.between(300, 3000);
    disconnect_one_in_ = random_.between(300, 3000);
  }

  void run() {
    bool again = random_.one_in(4);
    for (;;) {
      const auto restored = recover();
      if (!restored) {
        crash();
      } else if (live(*restored) == SimRun::End::finished && !stopped_) {
        check_all_committed();
        if (!std::exchange(again, false)) {
          return;
        }
      }
    }
  }

 private:
  /// Long enough for any checkpoint that is not disturbed.
  static constexpr std::int64_t patient_ns = 6000;

  bool chaos() const { return steps_ < chaos_steps_; }
  bool is(Mutation mutation) const { return mutation_ == mutation; }

  /// Makes one run, until it ends or its worker dies.
  SimRun::End live(const Restored& restored) {
    ++happened_.runs;
    Bench bench(graph_, outside_, random_, mutation_);
    bench.trouble_one_in = chaos() ? trouble_one_in_ : 0;
    bench.receivers_answer_one_in = random_.one_in(4) ? random_.between(2, 60) : 1;
    SimRun run(bench, restored);
    const bool began_in_chaos = chaos();
    std::size_t steps = 0;
    while (run.end() == SimRun::End::none) {
      require(++steps < 100'000, "a run makes progress");
      ++happened_.steps;
      ++steps_;
      run.step();
      if (began_in_chaos && !chaos() && restored.coordinator.timeout_ns >= patient_ns) {
        bench.trouble_one_in = 0;  // a run that is patient can go on in spite of earlier losses
      } else if (began_in_chaos && disturb(run)) {
        break;
      }
    }
    note_end(run);
    if (run.end() == SimRun::End::none) {
      crash();
    }
    for (Downstream& downstream : outside_.downstreams) {
      downstream.disconnect();
    }
    return run.end();
  }

  /// Disturbs the run. Returns true if its worker dies.
  bool disturb(SimRun& run) {
    if (!chaos() || random_.one_in(crash_one_in_)) {
      return true;
    }
    if (run.end() != SimRun::End::none) {
      return false;
    }
    if (random_.one_in(stop_one_in_) && !run.stopped()) {
      run.stop();
    } else if (random_.one_in(disconnect_one_in_)) {
      run.lose_a_connection();
    }
    return false;
  }

  void note_end(const SimRun& run) {
    const Coordinator& coordinator = run.coordinator();
    stopped_ = run.stopped();
    failures_ = 0;
    last_failures_ = 0;
    next_number_ = 1;
    happened_.checkpoints += run.begun();
    happened_.abandoned += run.abandoned();
    happened_.stops += stopped_ && run.end() == SimRun::End::finished ? 1 : 0;
    happened_.failures += run.end() == SimRun::End::failed ? 1 : 0;
    if (run.end() == SimRun::End::roll_back) {
      ++happened_.roll_backs;
      failures_ = coordinator.failures_in_row();
      last_failures_ = coordinator.last_failures();
      next_number_ = coordinator.next_number();
    }
  }

  /// The process dies, and sometimes the machine.
  void crash() {
    ++happened_.crashes;
    Disk& disk = outside_.disk;
    if (random_.one_in(2)) {
      disk.lose_power(random_);
    }
    // A manifest by which no sink has committed yet may also be damaged.
    const bool committed =
        std::any_of(outside_.downstreams.begin(), outside_.downstreams.end(),
                    [&](const Downstream& sink) { return sink.has_committed(disk.newest()); });
    if (!committed && disk.manifests() > 1 && random_.one_in(4)) {
      disk.damage_newest();
    }
  }

  /// Returns nothing if the worker died on the way.
  std::optional<Restored> recover() {
    if (!is(Mutation::recover_without_fsync)) {
      // A manifest that is visible may still be lost. Once sinks have committed by it, it must not
      // be.
      outside_.disk.fsync_directory();
    }
    const RecoveryChoice choice = choose();
    const Manifest* manifest = choice.number ? &outside_.disk.manifest(*choice.number) : nullptr;
    for (std::size_t sink = 0; sink != graph_.sinks; ++sink) {
      if (chaos() && random_.one_in(40)) {
        return std::nullopt;
      }
      settle(outside_.downstreams[sink], manifest, sink);
    }
    Restored restored = restore(manifest);
    restored.coordinator = configure();
    check_cut(restored, manifest);
    return restored;
  }

  RecoveryChoice choose() {
    std::vector<CheckpointCandidate> candidates = outside_.disk.candidates();
    if (is(Mutation::restore_newest_even_if_damaged)) {
      for (CheckpointCandidate& candidate : candidates) {
        candidate.damage.clear();
      }
    }
    auto choice = choose_checkpoint(std::move(candidates));
    require(std::holds_alternative<RecoveryChoice>(choice), "there is something to restore");
    happened_.passed_over += std::get<RecoveryChoice>(choice).passed_over.size();
    return std::get<RecoveryChoice>(std::move(choice));
  }

  void settle(Downstream& sink, const Manifest* manifest, std::size_t index) {
    const std::uint64_t restored = manifest == nullptr ? 0 : manifest->number;
    for (const std::uint64_t n : sink.in_doubt()) {
      if (end_of(n, restored) == TransactionEnd::commit) {
        sink.commit(n, n == restored ? &manifest->sinks[index].prepared : nullptr);
        ++happened_.in_doubt_committed;
      } else if (!chaos() || !random_.one_in(4)) {
        sink.undo(n);
        ++happened_.in_doubt_aborted;
      }  // otherwise the sink undoes it before it prepares anything, if the worker lives that long
    }
  }
  TransactionEnd end_of(std::uint64_t n, std::uint64_t restored) const {
    switch (mutation_) {
      case Mutation::commit_what_is_in_doubt:
        return TransactionEnd::commit;
      case Mutation::abort_what_is_in_doubt:
        return TransactionEnd::abort;
      default:
        return end_of_transaction(n, restored);
    }
  }

  CoordinatorConfig configure() {
    CoordinatorConfig config;
    config.tasks = graph_.nodes.size();
    config.sinks = graph_.sinks;
    config.interval_ns = static_cast<std::int64_t>(random_.between(10, 300));
    const std::int64_t hasty_ns = static_cast<std::int64_t>(random_.between(100, 2000));
    config.timeout_ns = !chaos() ? 1'000'000 : random_.one_in(2) ? patient_ns : hasty_ns;
    config.max_failures = random_.one_in(2) ? 3 : 0;
    config.last_delay_ns = static_cast<std::int64_t>(random_.between(0, 100));
    config.first_notice_ns = static_cast<std::int64_t>(random_.between(1, 500));
    config.failures = std::exchange(failures_, 0);
    config.last_failures = std::exchange(last_failures_, 0);
    config.first_number = std::max(outside_.disk.free_number(), next_number_);
    return config;
  }

  Restored restore(const Manifest* manifest) {
    Restored restored;
    restored.positions.assign(graph_.sources, 0);
    restored.tables.assign(graph_.segments, std::vector<Counts>(groups + 1, empty()));
    restored.files.assign(graph_.segments * (groups + 1), 0);
    if (manifest == nullptr) {
      return restored;
    }
    restored.number = manifest->number;
    const RestoreMapping mapping = fit(*manifest);
    for (std::size_t i = 0; i != graph_.sources; ++i) {
      const ManifestSource& source = manifest->sources[i];
      restored.positions[i] = std::stoul(source.positions[0].bytes);
      if (is(Mutation::resume_one_too_late) && !source.ended) {
        ++restored.positions[i];
      }
    }
    for (const ManifestSection& section : manifest->sections) {
      const std::uint64_t file = manifest->blocks[section.block].file;
      const std::size_t stage = *mapping.stages[section.stage];
      restored.files[stage * (groups + 1) + section.group] = file;
      if (const Counts* counts = outside_.disk.find(file, {section.stage, section.group})) {
        restored.tables[stage][section.group] = *counts;
      }
    }
    return restored;
  }
  RestoreMapping fit(const Manifest& manifest) const {
    PlanShape plan{"simulated", groups, manifest.stages, {}, {}};
    for (std::size_t i = 0; i != graph_.sources; ++i) {
      plan.sources.push_back("source " + std::to_string(i));
    }
    for (std::size_t i = 0; i != graph_.sinks; ++i) {
      plan.sinks.push_back("sink " + std::to_string(i));
    }
    auto mapping = map_checkpoint(manifest, plan, false);
    require(std::holds_alternative<RestoreMapping>(mapping), "the checkpoint fits");
    return std::get<RestoreMapping>(std::move(mapping));
  }
  Counts empty() const { return Counts(std::max<std::size_t>(graph_.records, 1), 0); }

  /// Checks that positions, state and committed output all follow from the same records.
  void check_cut(const Restored& restored, const Manifest* manifest) const {
    std::vector<char> inside(graph_.records, 0);
    for (const Graph::Node& node : graph_.nodes) {
      const std::size_t count =
          node.kind == Graph::Node::Kind::source    ? restored.positions[node.index]
          : node.kind == Graph::Node::Kind::segment ? restored.tables[node.index][instance][0]
                                                    : 0;
      require(count <= node.records, "nothing is given that does not exist");
      std::fill_n(inside.begin() + static_cast<std::ptrdiff_t>(node.first_record), count, char{1});
    }
    for (std::size_t id = 0; id != graph_.nodes.size(); ++id) {
      check_node(id, restored, inside);
    }
    for (std::size_t i = 0; manifest != nullptr && i != graph_.sources; ++i) {
      require(!manifest->sources[i].ended || restored.positions[i] == graph_.nodes[i].records,
              "a source has ended when it has given everything");
    }
  }
  void check_node(std::size_t id, const Restored& restored, const std::vector<char>& inside) const {
    const Graph::Node& node = graph_.nodes[id];
    if (node.kind == Graph::Node::Kind::source) {
      require(restored.positions[node.index] >= outside_.upstreams[node.index].acknowledged,
              "what is to be given again was not acknowledged");
      return;
    }
    for (std::size_t record = 0; record != graph_.records; ++record) {
      const std::size_t wanted = inside[record] != 0 ? graph_.expected[id][record] : 0;
      if (node.kind == Graph::Node::Kind::segment) {
        require(restored.tables[node.index][record % groups][record] == wanted,
                "every record is in the restored state as often as it was given");
      } else {
        require(outside_.downstreams[node.index].committed()[record] == wanted,
                "committed is the output of what is restored, once");
      }
    }
  }

  void check_all_committed() const {
    for (std::size_t id = 0; id != graph_.nodes.size(); ++id) {
      const Graph::Node& node = graph_.nodes[id];
      if (node.kind == Graph::Node::Kind::sink) {
        require(outside_.downstreams[node.index].committed() == graph_.expected[id],
                "all output is committed, once");
        require(outside_.downstreams[node.index].in_doubt().empty(), "nothing is left in doubt");
      }
    }
  }

  Random random_;
  Mutation mutation_;
  Graph graph_;
  Outside outside_;
  std::size_t chaos_steps_ = 0;
  std::size_t crash_one_in_ = 0;
  std::size_t trouble_one_in_ = 0;
  std::size_t stop_one_in_ = 0;
  std::size_t disconnect_one_in_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t last_failures_ = 0;
  std::uint64_t next_number_ = 1;
  bool stopped_ = false;
  Happened& happened_;
  std::size_t steps_ = 0;
};

}  // namespace wallaroo::internal::sim
