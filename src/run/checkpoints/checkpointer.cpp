#include "run/checkpoints/checkpointer.hpp"

#include <utility>

#include "run/checkpoints/checkpoint_numbers.hpp"

namespace wallaroo::internal {

void Checkpointer::observe(CheckpointObserver* observer) {
  part_.observe(observer);
  leader_.observe(observer);
}

void Checkpointer::prepare(PartPlan part, LeaderPlan leader, CheckpointerCallbacks callbacks) {
  failed_ = callbacks.failed;
  part_.prepare_for(std::move(part));
  leader.workers = {&part_};
  leader_.prepare_for(std::move(leader), std::move(callbacks));
}

void Checkpointer::open(CheckpointStore& store, std::optional<Manifest> previous,
                        FailedCheckpoints failures) {
  part_.open(store, leader_);
  leader_.open(store, std::make_unique<SingleNumbers>(store), std::move(previous), failures);
}

void Checkpointer::start_thread() {
  loop_.start_thread({.due_ns = [this] { return leader_.due_ns(); },
                      .on_time = [this] { leader_.on_time(); },
                      .failed = failed_});
}

}  // namespace wallaroo::internal
