// Part of the simulator of checkpoints: one run, the shell around the real Coordinator.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkpoint/protocol/coordinator.hpp"
#include "sim/task.hpp"

namespace wallaroo::internal::sim {

/// The checkpointer's hands: the file operations of one checkpoint, one at a time, so that the
/// worker may die between them.
class SimStore {
 public:
  explicit SimStore(Bench& bench) : bench_(bench) {}

  void make_durable(std::uint64_t n) { begin(Step::fsync_data, n); }
  void publish(Manifest manifest) {
    begin(Step::write, manifest.number);
    manifest_ = std::move(manifest);
  }
  void step() {
    if (step_ == Step::nothing) {
      return;
    }
    const bool data = step_ == Step::fsync_data || step_ == Step::fsync_data_name;
    if (bench_.trouble()) {
      step_ = Step::nothing;
      bench_.answer(data ? Answer::Kind::write_failed : Answer::Kind::publish_failed, 0, n_);
      return;
    }
    act();
  }

 private:
  enum class Step : std::uint8_t {
    nothing,
    fsync_data,
    fsync_data_name,
    write,
    fsync,
    rename,
    fsync_name
  };
  void begin(Step step, std::uint64_t n) {
    step_ = step;
    n_ = n;
  }
  void act() {
    Disk& disk = bench_.outside.disk;
    switch (std::exchange(step_, Step::nothing)) {
      case Step::fsync_data:
        if (!bench_.is(Mutation::no_fsync_of_state)) {
          disk.fsync_data(n_);
        }
        step_ = Step::fsync_data_name;
        return;
      case Step::fsync_data_name:
        // If the file's name were lost, its number could be given again after sinks have seen it.
        disk.fsync_directory();
        bench_.answer(Answer::Kind::durable, 0, n_);
        return;
      case Step::write:
        disk.write_temporary(std::move(manifest_));
        step_ = bench_.is(Mutation::rename_before_fsync) ? Step::rename : Step::fsync;
        return;
      case Step::fsync:
        disk.fsync_temporary();
        step_ = Step::rename;
        return;
      case Step::rename:
        disk.rename();
        step_ = Step::fsync_name;
        return;
      case Step::fsync_name:
        if (!bench_.is(Mutation::no_fsync_of_directory)) {
          disk.fsync_directory();
        }
        bench_.answer(Answer::Kind::published, 0, n_);
        return;
      case Step::nothing:
        return;
    }
  }

  Bench& bench_;
  Step step_ = Step::nothing;
  std::uint64_t n_ = 0;
  Manifest manifest_;
};

/// The state that a run begins with.
struct Restored {
  std::uint64_t number = 0;                 ///< of the checkpoint; 0: none
  std::vector<std::size_t> positions;       ///< [source]
  std::vector<std::vector<Counts>> tables;  ///< [segment][group]
  std::vector<std::uint64_t> files;         ///< [segment * (groups + 1) + group]; 0: empty
  CoordinatorConfig coordinator;
};

/// A run ends by itself, or is dropped when its process dies.
class SimRun {
 public:
  enum class End : std::uint8_t { none, finished, roll_back, failed };

  SimRun(Bench& bench, const Restored& restored)
      : bench_(bench), store_(bench), coordinator_(restored.coordinator), files_(restored.files) {
    for (std::size_t id = 0; id != bench.graph.nodes.size(); ++id) {
      add_task(id, restored);
    }
  }

  void step() {
    ++now_;
    const std::size_t actors = tasks_.size() + 3;
    const std::size_t actor = bench_.random.below(actors);
    if (actor < tasks_.size()) {
      tasks_[actor]->step();
    } else if (actor == tasks_.size()) {
      store_.step();
    } else if (actor == tasks_.size() + 1) {
      deliver();
    } else if (!all_ended_ && all_done()) {
      all_ended_ = true;
      carry_out(coordinator_.on_all_ended(now_));
    } else if (coordinator_.next_wakeup_ns() <= now_) {
      carry_out(coordinator_.on_time(now_));
    }
  }

  /// SIGTERM: sources give nothing more.
  void stop() {
    stopped_ = true;
    for (SimSource* source : sources_) {
      source->stop();
    }
    carry_out(coordinator_.on_stop(now_));
  }
  void lose_a_connection() { sinks_[bench_.random.below(sinks_.size())]->lose_connection(); }

  End end() const { return end_; }
  bool stopped() const { return stopped_; }
  std::size_t begun() const { return begun_; }
  std::size_t abandoned() const { return abandoned_; }
  const Coordinator& coordinator() const { return coordinator_; }

 private:
  void add_task(std::size_t id, const Restored& restored) {
    const Graph::Node& node = bench_.graph.nodes[id];
    switch (node.kind) {
      case Graph::Node::Kind::source: {
        auto task = std::make_unique<SimSource>(bench_, id, restored.positions[node.index]);
        sources_.push_back(task.get());
        tasks_.push_back(std::move(task));
        return;
      }
      case Graph::Node::Kind::segment:
        tasks_.push_back(std::make_unique<SimSegment>(bench_, id, restored.tables[node.index]));
        return;
      case Graph::Node::Kind::sink: {
        auto task = std::make_unique<SimSink>(bench_, id, restored.number);
        sinks_.push_back(task.get());
        tasks_.push_back(std::move(task));
        return;
      }
    }
  }

  bool all_done() const {
    for (const auto& task : tasks_) {
      if (!task->done()) {
        return false;
      }
    }
    return true;
  }

  /// Delivers one of the answers that are on their way, sometimes twice.
  void deliver() {
    if (bench_.answers.empty()) {
      return;
    }
    const std::size_t which = bench_.random.below(bench_.answers.size());
    std::swap(bench_.answers[which], bench_.answers.back());
    Answer answer = bench_.answers.back();
    if (!bench_.random.one_in(16)) {
      bench_.answers.pop_back();
    }
    carry_out(hear(answer));
  }
  Decisions hear(const Answer& answer) {
    switch (answer.kind) {
      case Answer::Kind::saved:
        return coordinator_.on_task_saved(answer.from, answer.n);
      case Answer::Kind::write_failed:
        return coordinator_.on_write_failed(answer.n, "disk full", now_);
      case Answer::Kind::durable:
        return coordinator_.on_durable(answer.n, now_);
      case Answer::Kind::prepared:
        return coordinator_.on_prepared(answer.from, answer.n, answer.vote);
      case Answer::Kind::published:
        return coordinator_.on_published(answer.n, now_);
      case Answer::Kind::publish_failed:
        return coordinator_.on_publish_failed(answer.n, "disk full");
      case Answer::Kind::committed:
        return coordinator_.on_committed(answer.from, answer.n);
      case Answer::Kind::roll_back:
        return coordinator_.on_roll_back("lost");
    }
    return {};
  }

  void carry_out(const Decisions& decisions) {
    for (const Decision& decision : decisions) {
      require(end_ == End::none, "nothing is decided after the end");
      std::visit([this](const auto& what) { carry_out_one(what); }, decision);
    }
  }
  void carry_out_one(const decide::Begin& begin) {
    ++begun_;
    begun_in_peace_ = bench_.trouble_one_in == 0;
    bench_.saved = {begin.n, std::vector<std::size_t>(bench_.graph.sources),
                    std::vector<char>(bench_.graph.sources), files_};
    order_all({Order::Kind::request, begin.n}, true);
  }
  void carry_out_one(const decide::MakeDurable& durable) {
    if (bench_.is(Mutation::delete_needed_files)) {
      bench_.outside.disk.clean(1, true);
    }
    store_.make_durable(durable.n);
  }
  void carry_out_one(const decide::Prepare& prepare) {
    order_sinks({Order::Kind::prepare, prepare.n});
    if (bench_.is(Mutation::publish_without_votes)) {
      store_.publish(manifest({prepare.n, std::vector<std::string>(bench_.graph.sinks)}));
    }
  }
  void carry_out_one(const decide::Publish& publish) {
    if (bench_.is(Mutation::commit_before_published)) {
      order_sinks({Order::Kind::commit, publish.n});
    }
    store_.publish(manifest(publish));
  }
  void carry_out_one(const decide::Commit& commit) {
    files_ = bench_.saved.files;
    order_sinks({Order::Kind::commit, commit.n});
  }
  void carry_out_one(const decide::Acknowledge& acknowledge) {
    order_all({Order::Kind::acknowledge, acknowledge.n}, false);
    bench_.outside.disk.clean(bench_.random.between(1, 2), false);
  }
  void carry_out_one(const decide::Abandon& abandon) {
    ++abandoned_;
    require(!begun_in_peace_, "a checkpoint that nothing happens to does not fail");
    order_all({Order::Kind::abandon, abandon.n}, true);
  }
  void carry_out_one(const decide::Waiting&) {}
  void carry_out_one(const decide::RollBack&) { end_ = End::roll_back; }
  void carry_out_one(const decide::Fail&) { end_ = End::failed; }
  void carry_out_one(const decide::Finished&) { end_ = End::finished; }

  /// Requests and abandonments may be lost.
  void order_all(Order order, bool may_be_lost) {
    for (const auto& task : tasks_) {
      if (!may_be_lost || !bench_.trouble()) {
        task->order(order);
      }
    }
  }
  void order_sinks(Order order) {
    for (SimSink* sink : sinks_) {
      sink->order(order);
    }
  }

  Manifest manifest(const decide::Publish& publish) const {
    Manifest made;
    made.number = publish.n;
    made.application = "simulated";
    made.key_groups = groups;
    for (std::size_t i = 0; i != bench_.graph.sources; ++i) {
      made.sources.push_back({"source " + std::to_string(i),
                              {{"0", std::to_string(bench_.saved.positions[i])}},
                              bench_.saved.ended[i] != 0});
    }
    for (std::size_t i = 0; i != bench_.graph.sinks; ++i) {
      made.sinks.push_back({"sink " + std::to_string(i), publish.votes[i]});
    }
    for (std::size_t i = 0; i != bench_.graph.segments; ++i) {
      made.stages.push_back({"segment " + std::to_string(i), "state", "", {{"counts", "", ""}}});
    }
    for (std::size_t i = 0; i != bench_.saved.files.size(); ++i) {
      made.blocks.push_back({.file = bench_.saved.files[i]});
      made.sections.push_back({.stage = static_cast<std::uint32_t>(i / (groups + 1)),
                               .group = static_cast<std::uint16_t>(i % (groups + 1)),
                               .block = static_cast<std::uint32_t>(i)});
    }
    return made;
  }

  Bench& bench_;
  SimStore store_;
  Coordinator coordinator_;
  std::vector<std::uint64_t> files_;  ///< of the last complete checkpoint
  std::vector<std::unique_ptr<SimTask>> tasks_;
  std::vector<SimSource*> sources_;
  std::vector<SimSink*> sinks_;
  std::int64_t now_ = 0;
  std::size_t begun_ = 0;
  std::size_t abandoned_ = 0;
  bool begun_in_peace_ = false;
  bool all_ended_ = false;
  bool stopped_ = false;
  End end_ = End::none;
};

}  // namespace wallaroo::internal::sim
