// Part of the simulator of checkpoints: sources, segments and sinks.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/bench.hpp"

namespace wallaroo::internal::sim {

class SimSource final : public SimTask {
 public:
  SimSource(Bench& bench, std::size_t id, std::size_t position)
      : SimTask(bench, id), position_(position) {}
  void stop() { stopped_ = true; }
  bool done() const override { return ended_; }

 private:
  Upstream& upstream() { return bench_.outside.upstreams[node_.index]; }

  bool obey(const Order& order) override {
    if (order.kind == Order::Kind::acknowledge) {
      acknowledge(order.n);
      return true;
    }
    if (order.kind != Order::Kind::request) {
      return true;
    }
    if (!room()) {
      return false;
    }
    const std::size_t before = position_;
    if (bench_.is(Mutation::position_after_next_record) && !ended_) {
      broadcast({Mail::Kind::barrier, order.n});
      work();
      save(order.n, position_);
      return true;
    }
    save(order.n, before);
    if (!ended_) {
      broadcast({Mail::Kind::barrier, order.n});
    }
    return true;
  }

  void save(std::uint64_t n, std::size_t position) {
    if (n == bench_.saved.n) {
      bench_.saved.positions[node_.index] = position;
      bench_.saved.ended[node_.index] = ended_ ? 1 : 0;
    }
    unacknowledged_[n] = position;
    bench_.answer(Answer::Kind::saved, id_, n);
    if (bench_.is(Mutation::acknowledge_before_complete)) {
      acknowledge(n);
    }
  }
  void acknowledge(std::uint64_t n) {
    if (const auto found = unacknowledged_.find(n); found != unacknowledged_.end()) {
      upstream().acknowledged = std::max(upstream().acknowledged, found->second);
      unacknowledged_.erase(unacknowledged_.begin(), std::next(found));
    }
  }

  void work() override {
    if (stopped_ || ended_) {
      return;
    }
    if (position_ >= node_.records) {
      ended_ = true;
      broadcast({Mail::Kind::end, 0});
      return;
    }
    require(position_ >= upstream().acknowledged, "what was acknowledged is not asked for again");
    give(node_.first_record + position_++);
  }

  std::size_t position_;
  bool stopped_ = false;
  bool ended_ = false;
  std::map<std::uint64_t, std::size_t> unacknowledged_;  ///< positions of checkpoints
};

/// Counts the records of each group. Saves the groups that changed, one after the other between two
/// records.
class SimSegment final : public SimTask {
 public:
  SimSegment(Bench& bench, std::size_t id, const std::vector<Counts>& restored)
      : SimTask(bench, id), tables_(groups + 1) {
    for (std::size_t group = 0; group != tables_.size(); ++group) {
      tables_[group].counts = restored[group];
    }
  }
  bool done() const override { return ended_; }

 private:
  struct Table {
    Counts counts;
    bool dirty = false;     ///< changed since it was last marked
    bool to_save = false;   ///< marked and not written yet
    bool in_doubt = false;  ///< marked, and the checkpoint neither complete nor abandoned
  };

  bool obey(const Order& order) override {
    if (order.kind == Order::Kind::request) {
      alignment_.on_request(order.n);
    } else if (order.kind == Order::Kind::abandon) {
      alignment_.on_abandon(order.n);
      if (order.n >= saving_) {
        forget_saving();
      }
    } else if (order.kind == Order::Kind::acknowledge && order.n == saving_) {
      saving_ = 0;
      for (Table& table : tables_) {
        table.in_doubt = false;
      }
    }
    return true;
  }

  void work() override {
    if (const auto n = alignment_.aligned()) {
      pass_barrier(*n);
    } else if (late_ != 0 && bench_.random.one_in(4)) {
      mark(std::exchange(late_, 0));
    } else if (alignment_.ended() && !ended_) {
      finish();
    } else if (unsaved() && bench_.random.one_in(2)) {
      save_one();
    } else if (const auto record = take()) {
      count(*record);
      give(*record);
      if (late_ != 0) {
        mark(std::exchange(late_, 0));
      }
    }
  }

  void pass_barrier(std::uint64_t n) {
    // This barrier may have overtaken the abandonment of the checkpoint before.
    forget_saving();
    if (!ended_) {
      broadcast({Mail::Kind::barrier, n});
    }
    alignment_.take();
    if (bench_.is(Mutation::save_after_next_record)) {
      late_ = n;
    } else {
      mark(n);
    }
  }
  void mark(std::uint64_t n) {
    saving_ = n;
    failed_ = false;
    for (Table& table : tables_) {
      table.to_save = table.in_doubt = std::exchange(table.dirty, false);
    }
    if (!unsaved()) {
      bench_.answer(Answer::Kind::saved, id_, n);
    }
  }
  void forget_saving() {
    for (Table& table : tables_) {
      const bool again = table.in_doubt && !bench_.is(Mutation::clean_after_abandon);
      table.dirty = table.dirty || again;
      table.to_save = table.in_doubt = false;
    }
    saving_ = 0;
  }
  bool unsaved() const {
    for (const Table& table : tables_) {
      if (table.to_save) {
        return true;
      }
    }
    return false;
  }

  void save_one() {
    std::size_t group = bench_.random.below(tables_.size());
    while (!tables_[group].to_save) {
      group = (group + 1) % tables_.size();
    }
    save(group);
  }
  void save(std::size_t group) {
    tables_[group].to_save = false;
    if (bench_.trouble()) {
      bench_.answer(Answer::Kind::write_failed, id_, saving_);
      failed_ = true;
    } else if (!bench_.is(Mutation::forget_a_group) || group != 0) {
      write(group);
    }
    if (!unsaved() && !failed_) {
      bench_.answer(Answer::Kind::saved, id_, saving_);
    }
  }
  void write(std::size_t group) {
    const Disk::Section section(static_cast<std::uint32_t>(node_.index),
                                static_cast<std::uint16_t>(group));
    bench_.outside.disk.write(saving_, section, tables_[group].counts);
    if (bench_.saved.n == saving_) {
      bench_.saved.files[node_.index * (groups + 1) + group] = saving_;
    }
  }

  /// Saves a group before it changes, if it is still to be saved.
  Table& changing(std::size_t group) {
    if (tables_[group].to_save && !bench_.is(Mutation::change_before_saving)) {
      save(group);
    }
    tables_[group].dirty = true;
    return tables_[group];
  }
  void count(std::size_t record) { ++changing(record % groups).counts[record]; }
  void finish() {
    ended_ = true;
    if (tables_[instance].counts[0] == 0) {
      changing(instance).counts[0] = 1;
      give(node_.first_record);
    }
    broadcast({Mail::Kind::end, 0});
  }

  std::vector<Table> tables_;
  std::uint64_t saving_ = 0;  ///< the checkpoint that the groups in doubt belong to; 0: none is
  std::uint64_t late_ = 0;
  bool failed_ = false;  ///< something of `saving_` could not be written
  bool ended_ = false;
};

class SimSink final : public SimTask {
 public:
  /// `complete`: the last complete checkpoint when it starts.
  SimSink(Bench& bench, std::size_t id, std::uint64_t complete)
      : SimTask(bench, id), complete_(complete) {}
  bool done() const override { return alignment_.ended(); }
  void lose_connection() {
    lost_ = true;
    peer().disconnect();
    if (!bench_.is(Mutation::go_on_after_lost_output)) {
      bench_.answer(Answer::Kind::roll_back, node_.index, 0);
    } else {
      lost_ = false;
    }
  }

 private:
  Downstream& peer() { return bench_.outside.downstreams[node_.index]; }
  void abandon(std::uint64_t n) { peer().abandon(n, bench_.is(Mutation::drop_abandoned_output)); }

  bool obey(const Order& order) override {
    const bool asks_receiver =
        order.kind == Order::Kind::prepare || order.kind == Order::Kind::commit;
    if (asks_receiver && !bench_.random.one_in(bench_.receivers_answer_one_in)) {
      return false;
    }
    if (order.kind == Order::Kind::request) {
      alignment_.on_request(order.n);
    } else if (order.kind == Order::Kind::abandon) {
      alignment_.on_abandon(order.n);
      abandon(order.n);
    } else if (order.kind == Order::Kind::prepare && !lost_) {
      prepare(order.n);
    } else if (order.kind == Order::Kind::commit) {
      peer().commit(order.n, nullptr);
      bench_.answer(Answer::Kind::committed, node_.index, order.n);
    }
    return true;
  }
  void prepare(std::uint64_t n) {
    if (bench_.trouble()) {
      bench_.answer(Answer::Kind::roll_back, node_.index, n);
      lost_ = true;
    } else if (!bench_.is(Mutation::go_on_after_lost_output) || peer().sealed() == n) {
      settle();
      const bool durable = !bench_.is(Mutation::vote_before_durable);
      std::string vote = peer().prepare(n, durable);
      if (!bench_.trouble()) {
        bench_.answer(Answer::Kind::prepared, node_.index, n, std::move(vote));
      }
    } else {
      bench_.answer(Answer::Kind::prepared, node_.index, n, "0");
    }
  }

  /// Ends the transactions that earlier runs left in doubt.
  void settle() {
    if (std::exchange(settled_, true) || bench_.is(Mutation::prepare_before_settling)) {
      return;
    }
    for (const std::uint64_t n : peer().in_doubt()) {
      if (end_of_transaction(n, complete_) == TransactionEnd::commit) {
        peer().commit(n, nullptr);
      } else {
        peer().undo(n);
      }
    }
  }

  void work() override {
    if (lost_) {
      return;
    }
    if (const auto n = alignment_.aligned()) {
      if (peer().sealed() != 0) {
        abandon(peer().sealed());
      }
      alignment_.take();
      peer().barrier(*n);
      bench_.answer(Answer::Kind::saved, id_, *n);
    } else if (const auto record = take()) {
      peer().write(*record);
    }
  }

  std::uint64_t complete_;
  bool settled_ = false;
  bool lost_ = false;  ///< waits for the roll back
};

}  // namespace wallaroo::internal::sim
