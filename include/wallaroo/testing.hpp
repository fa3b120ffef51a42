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
#include <wallaroo/types/error.hpp>
#include <wallaroo/types/window.hpp>

#include "source/generated/queue_source.hpp"

namespace wallaroo::testing {

/// A source of records of type T that the test pushes, for an application whose source is a
/// parameter:
///
///     wallaroo::testing::Input<Order> orders;
///     app.source("orders", orders.source()). ...
///     orders.push({.id = 7});
///     harness.run();
template <class T>
class Input {
 public:
  /// The definition for Application::source.
  auto source() const {
    return internal::RecordSourceDefinition<internal::OwnedInput<T>>{
        [queue = queue_](const std::string&) {
          return std::make_unique<internal::QueueSource<T>>(queue);
        }};
  }
  /// Adds a record, which the next call of Harness::run delivers.
  void push(T record) { queue_->records.push_back(std::move(record)); }

 private:
  std::shared_ptr<internal::RecordQueue<T>> queue_ = std::make_shared<internal::RecordQueue<T>>();
};

/// A checkpoint that a Harness took. It is a value; its files are removed with the last copy.
class Checkpoint {
 public:
  /// Copies the newest checkpoint in a directory. A test can keep a checkpoint that an older
  /// version of the application wrote beside it, to check that this version goes on from it. Throws
  /// IoError when there is none, or it is damaged.
  explicit Checkpoint(const std::string& directory);

  /// The directory that holds it, as long as a copy of this value lives; `wallaroo checkpoints` can
  /// be used on it.
  const std::string& directory() const;

 private:
  friend class Harness;
  struct Impl;
  explicit Checkpoint(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// How a Harness runs its application.
struct HarnessOptions {
  /// The wall clock when it starts: by default the beginning of the year 2100, so that no event
  /// time of a test is ahead of it.
  EventTime start = EventTime(std::chrono::seconds(4'102'444'800));
  /// How many executors there are, as with `--threads`; all run on the calling thread, in turn.
  int executors = 1;
  /// The checkpoint from which to go on: state, watermarks, windows and timers are as they were
  /// when it was taken. Records are not sent again.
  std::optional<Checkpoint> restore = {};
  /// Restores a checkpoint without the state of stages that the application does not have any more,
  /// rather than refusing it, as with `--allow-dropped-state`.
  bool allow_dropped_state = false;
};

/// Runs an application deterministically on one thread, with a clock that only the test moves.
/// `send` takes the place of sources of bytes (TCP, files, connectors), and `output` that of sinks
/// of bytes; nothing is opened. Generators, memory sources and callbacks work as they are. When a
/// stage with the policy `stop` fails, the call that made it run throws StageError.
class Harness {
 public:
  /// Throws ConfigError for everything for which Engine does. The application need not outlive this
  /// call.
  explicit Harness(const Application& application, const HarnessOptions& options = {});
  /// The same with `start` as the only option.
  Harness(const Application& application, EventTime start);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  /// Gives one frame to the decoder of a source of bytes, and runs every stage that it reaches.
  /// Throws ConfigError when there is no such source.
  void send(const std::string& source, std::string_view frame);
  /// Runs until nothing is left to do at the present time: takes all records that were pushed to an
  /// Input, or that generators and memory sources have.
  void run();
  /// Moves the clock forward, and runs what is due then, such as timers and time-outs.
  void advance(std::chrono::nanoseconds by);
  /// Takes a checkpoint of everything that was run so far. Throws IoError when it cannot be
  /// written, ConfigError for state that cannot be stored.
  Checkpoint checkpoint();
  /// Ends all sources: open windows and timers fire, and callbacks' `finish()` are called.
  void end();

  /// The records that a sink of bytes was given since the last call, one encoded string for each.
  /// Throws ConfigError when there is no such sink.
  std::vector<std::string> output(const std::string& sink);
  /// The present values of all metrics, as Prometheus text.
  std::string metrics_text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::testing
