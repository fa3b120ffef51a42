// Unit tests of pipelines: the same stages, on the calling thread, without sockets or sleeps.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wallaroo/application.hpp>
#include <wallaroo/error.hpp>
#include <wallaroo/window.hpp>

#include "source/queue_source.hpp"

namespace wallaroo::testing {

/// Records of type T given by the test, for an application whose source is a parameter:
///
///     wallaroo::testing::Input<Order> orders;
///     app.source("orders", orders.source()). ...
///     orders.push({.id = 7});
///     harness.run();
template <class T>
class Input {
 public:
  auto source() const {
    return internal::RecordSourceDefinition<internal::OwnedInput<T>>{
        [queue = queue_](const std::string&) {
          return std::make_unique<internal::QueueSource<T>>(queue);
        }};
  }
  void push(T record) { queue_->records.push_back(std::move(record)); }

 private:
  std::shared_ptr<internal::RecordQueue<T>> queue_ = std::make_shared<internal::RecordQueue<T>>();
};

/// A checkpoint that a Harness took: a value, which lasts as long as somebody has it.
class Checkpoint {
 public:
  /// A copy of the newest checkpoint in a directory: of one that an older version of the
  /// application wrote and that is kept beside its tests, to see that this version goes on from it.
  /// Throws IoError when there is none, or it is damaged.
  explicit Checkpoint(const std::string& directory);

  /// The directory in which it is; `wallaroo checkpoints` can be used on it meanwhile.
  const std::string& directory() const;

 private:
  friend class Harness;
  struct Impl;
  explicit Checkpoint(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

struct HarnessOptions {
  /// The wall clock when it starts: by default the beginning of the year 2100, so that no event
  /// time of a test is ahead of it.
  EventTime start = EventTime(std::chrono::seconds(4'102'444'800));
  /// As with `--threads`; but all run on the calling thread, in turn.
  int executors = 1;
  /// To go on from: state, watermarks, windows and timers are as they were then. Records are not
  /// sent again.
  std::optional<Checkpoint> restore = {};
  /// As with `--allow-dropped-state`.
  bool allow_dropped_state = false;
};

/// Runs an application deterministically on one thread, with a clock that only the test moves.
/// TCP and file sources are replaced by `send`, TCP and file sinks by `output`; nothing is opened.
/// Generators, memory sources and callbacks work as they are. A stage that fails with the policy
/// `stop` throws StageError out of the call that made it run.
class Harness {
 public:
  /// Throws ConfigError as Engine does.
  explicit Harness(const Application& application, const HarnessOptions& options = {});
  Harness(const Application& application, EventTime start);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  /// One frame arrives at a TCP or file source: what its decoder will be given. Runs every stage
  /// that it reaches. Throws ConfigError when there is no such source.
  void send(const std::string& source, std::string_view frame);
  /// Runs until nothing is left to do at this time: what was pushed to an Input, records of
  /// generators and memory sources.
  void run();
  /// Moves the clock and runs what is due.
  void advance(std::chrono::nanoseconds by);
  /// Takes a checkpoint of everything that was run so far. Throws IoError when it cannot be
  /// written, ConfigError for state that is not stored.
  Checkpoint checkpoint();
  /// All sources end; everything is drained, callbacks' `finish()` are called.
  void end();

  /// What a TCP or file sink was given since the last call, one string for each encoded record.
  /// Throws ConfigError when there is no such sink.
  std::vector<std::string> output(const std::string& sink);
  /// All metrics, as Prometheus text.
  std::string metrics_text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::testing
