#include "run/start_watch.hpp"

#include <algorithm>

namespace wallaroo::internal {

void StartWatch::look_later(std::chrono::milliseconds delay) {
  executors_.front()->loop().after(delay, [this] { look(); });
}

void StartWatch::look() {
  if (!state_.ready && conditions_.running() && all_connected()) {
    state_.ready = true;
    if (conditions_.on_ready) {
      conditions_.on_ready();
    }
  }
  if (state_.ready && conditions_.checkpointed()) {
    let_sources_read();
  } else {
    look_later(std::chrono::milliseconds(10));
  }
}

bool StartWatch::all_connected() const {
  return std::all_of(conditions_.sinks.begin(), conditions_.sinks.end(),
                     [](const Presence* sink) { return sink->value() != 0; });
}

void StartWatch::let_sources_read() {
  state_.may_read = true;
  for (const auto& executor : executors_) {
    executor->loop().wake();
  }
}

}  // namespace wallaroo::internal
