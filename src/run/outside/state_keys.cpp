#include "run/outside/state_keys.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "state/key_visitor.hpp"

namespace wallaroo::internal {

namespace {

/// What the executors have answered. They may do so when nobody waits any more.
struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  StateKeys found;
  std::size_t missing = 0;
};

class Collector final : public KeyVisitor {
 public:
  explicit Collector(StageKeys& into) : into_(into) {}
  void schema(std::string text) override { into_.schema = std::move(text); }
  void key(std::string_view bytes) override { into_.keys.emplace(bytes); }

 private:
  StageKeys& into_;
};

using Stages = std::map<std::string, StageKeys>;

void add_keys(Task& task, Stages& stages) {
  for (const KeptState& kept : task.states()) {
    Collector collector(stages[kept.stage->info->name]);
    for (StatePart* const part : kept.state->parts()) {
      part->visit_keys(collector);
    }
  }
}

void add_answer(Answers& answers, Stages&& stages) {
  const std::lock_guard lock(answers.mutex);
  for (auto& [name, stage] : stages) {
    StageKeys& all = answers.found.stages[name];
    all.schema = std::move(stage.schema);
    all.keys.merge(stage.keys);
  }
  --answers.missing;
  answers.changed.notify_all();
}

}  // namespace

StateKeys gather_state_keys(const Executors& executors, std::chrono::nanoseconds limit) {
  const auto answers = std::make_shared<Answers>();
  answers->missing = executors.size();
  for (const auto& executor : executors) {
    const auto stages = std::make_shared<Stages>();
    executor->tell_tasks([stages](Task& task) { add_keys(task, *stages); });
    executor->loop().post([stages, answers] { add_answer(*answers, std::move(*stages)); });
  }
  std::unique_lock lock(answers->mutex);
  answers->found.complete =
      answers->changed.wait_for(lock, limit, [&] { return answers->missing == 0; });
  return answers->found;
}

}  // namespace wallaroo::internal
