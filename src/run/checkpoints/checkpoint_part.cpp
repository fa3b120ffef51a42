#include "run/checkpoints/checkpoint_part.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("checkpoint");

/// How many bytes of blocks may wait to be written. When there are more, states wait in their
/// tables.
constexpr std::size_t max_queued_bytes = 16 * 1024 * 1024;

}  // namespace

void CheckpointPart::open(CheckpointStore& store, CheckpointReports& reports) {
  store_ = &store;
  reports_ = &reports;
}

// The leader's orders.

void CheckpointPart::begin(const CheckpointBegin& begin) {
  draft_ = {};
  draft_.number = begin.number;
  draft_.missing.assign(plan_.task_names.size(), 1);
  draft_.tasks_left = plan_.task_names.size();
  for (const std::string& source : plan_.sources) {
    draft_.saved.sources.push_back({source, {}, true});
  }
  try {
    draft_.file = std::make_unique<StateFile>(
        store_->begin_state({begin.number, plan_.generation, plan_.member}));
    with_failpoint(points, "begin",
                   [&] { tell_tasks([begin](Task& task) { task.begin_checkpoint(begin); }); });
  } catch (const Error& error) {
    fail(error.what());
  }
}

void CheckpointPart::prepare(std::uint64_t number) {
  tell_sinks([number](Task& task) { task.prepare_sink(number); });
}

void CheckpointPart::commit(std::uint64_t number) {
  tell_sinks([number](Task& task) { task.commit_sink(number); });
}

void CheckpointPart::complete(std::uint64_t number) {
  tell_tasks([number](Task& task) { task.complete_checkpoint(number); });
}

void CheckpointPart::abandon(std::uint64_t number) {
  if (draft_.number == number) {
    draft_ = {};
  }
  tell_tasks([number](Task& task) { task.abandon_checkpoint(number); });
}

SavingProgress CheckpointPart::progress() const {
  SavingProgress progress{draft_.tasks_left, plan_.task_names.size(), {}};
  for (std::size_t task = 0; task < draft_.missing.size(); ++task) {
    if (draft_.missing[task] != 0) {
      progress.names.push_back(plan_.task_names[task]);
    }
  }
  return progress;
}

// The port, from any thread.

void CheckpointPart::met_barrier(std::uint64_t number) {
  if (observer_ != nullptr) {
    observer_->met_barrier(number);
  }
}

bool CheckpointPart::has_room() {
  if (queued_bytes_.load(std::memory_order_relaxed) < max_queued_bytes) {
    return true;
  }
  somebody_waits_.store(true);
  // Looks again, because the loop may have made room before it could see that somebody waits.
  return queued_bytes_.load() < max_queued_bytes;
}

void CheckpointPart::save_block(std::uint64_t number, StateBlock block) {
  const std::size_t bytes = block.bytes.size();
  queued_bytes_ += bytes;
  // A function must be copyable, but the block is not copied.
  loop_.post([this, number, bytes, block = std::make_shared<StateBlock>(std::move(block))] {
    write(number, *block);
    queued_bytes_ -= bytes;
    wake_waiting();
  });
}

void CheckpointPart::save_instance(std::uint64_t number, ManifestInstance instance) {
  loop_.post([this, number, instance = std::move(instance)] {
    if (drafting(number)) {
      draft_.saved.instances.push_back(instance);
    }
  });
}

void CheckpointPart::save_positions(std::uint64_t number, std::size_t source,
                                    std::vector<SourcePosition> positions, bool ended) {
  loop_.post([this, number, source, ended, positions = std::move(positions)] {
    if (drafting(number)) {
      ManifestSource& saved = draft_.saved.sources[source];
      saved.ended = saved.ended && ended;
      for (const SourcePosition& position : positions) {
        saved.positions.push_back({position.partition, position.bytes});
      }
    }
  });
}

void CheckpointPart::task_saved(std::uint64_t number, std::size_t task) {
  loop_.post([this, number, task] { add_task(number, task); });
}

void CheckpointPart::sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) {
  loop_.post([this, number, sink, vote = std::move(vote)] {
    reports_->sink_prepared(number, sink, vote);
  });
}

void CheckpointPart::sink_committed(std::uint64_t number, std::size_t sink) {
  loop_.post([this, number, sink] { reports_->sink_committed(number, sink); });
}

void CheckpointPart::roll_back(std::string reason) {
  loop_.post([this, reason = std::move(reason)] { reports_->roll_back(reason); });
}

void CheckpointPart::executor_ended(int) {
  loop_.post([this] {
    if (++ended_executors_ == plan_.executors.size()) {
      reports_->member_quiet(plan_.member);
    }
  });
}

// On the loop's thread.

// A group without entries is noted as saved and not written: a group that is not in the manifest is
// empty.
void CheckpointPart::write(std::uint64_t number, StateBlock& block) {
  if (!drafting(number)) {
    return;
  }
  for (const ManifestSection& section : block.sections) {
    draft_.saved.groups[{section.stage, section.part}].set(section.group);
  }
  std::erase_if(block.sections,
                [](const ManifestSection& section) { return section.entries == 0; });
  if (block.sections.empty()) {
    return;
  }
  try {
    draft_.file->append(block);
    // An executor that shares the core waits for no more than one block.
    std::this_thread::yield();
  } catch (const Error& error) {
    fail(error.what());
  }
}

void CheckpointPart::add_task(std::uint64_t number, std::size_t task) {
  if (!drafting(number) || std::exchange(draft_.missing.at(task), 0) == 0) {
    return;
  }
  if (--draft_.tasks_left == 0) {
    make_durable();
  }
}

void CheckpointPart::make_durable() {
  const std::uint64_t number = draft_.number;
  if (mutation("commit_before_complete")) {
    prepare(number);
    commit(number);
  }
  if (observer_ != nullptr) {
    observer_->entered(number, "durable");
  }
  if (mutation("ack_before_complete")) {
    complete(number);
  }
  try {
    with_failpoint(points, "saved", [&] { draft_.saved.state = draft_.file->finish(); });
  } catch (const Error& error) {
    fail(error.what());
    return;
  }
  draft_.file.reset();
  reports_->member_saved(plan_.member, number, std::move(draft_.saved));
}

/// The checkpoint goes on until the leader abandons it, but nothing more is written for it.
void CheckpointPart::fail(const std::string& reason) {
  draft_.file.reset();
  // Later, because the leader may be about to give an order.
  loop_.post([this, number = draft_.number, reason] { reports_->member_failed(number, reason); });
}

void CheckpointPart::tell_tasks(std::function<void(Task&)> action) {
  for (Executor* const executor : plan_.executors) {
    executor->tell_tasks(action);
  }
}

// Other tasks on the executors of sinks get the call as well, and ignore it.
void CheckpointPart::tell_sinks(std::function<void(Task&)> action) {
  std::vector<int> executors = plan_.sink_executors;
  std::sort(executors.begin(), executors.end());
  executors.erase(std::unique(executors.begin(), executors.end()), executors.end());
  for (const int executor : executors) {
    plan_.executors[static_cast<std::size_t>(executor)]->tell_tasks(action);
  }
}

void CheckpointPart::wake_waiting() {
  if (queued_bytes_.load() < max_queued_bytes / 2 && somebody_waits_.exchange(false)) {
    for (Executor* const executor : plan_.executors) {
      executor->loop().wake();
    }
  }
}

}  // namespace wallaroo::internal
