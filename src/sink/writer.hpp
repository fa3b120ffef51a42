// The two faces of a byte sink: what the engine opens, and what the owning executor drives.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "io/event_loop.hpp"
#include "metrics/engine_metrics.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// What a writer may use; all of it outlives the writer.
struct WriterContext {
  EventLoop& loop;
  const Clock& clock;
  const Log& log;
  SinkMetrics& metrics;
};

/// A running sink. Lives and is called on one executor's thread only.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  /// Called once, on the executor's thread. A peer that is absent is not an error.
  virtual void start() = 0;
  /// False while the bounded buffer is full: the executor then leaves batches in their queue.
  virtual bool can_accept() const = 0;
  /// Takes the batch's bytes (leaves it empty or as it was). Only after `can_accept()`; a single
  /// batch may overshoot the bound. Throws IoError when the sink is broken for good.
  virtual void write(ByteBatch& batch) = 0;
  /// Hands buffered bytes to the operating system as far as it takes them; called whenever the
  /// executor has no more input for this sink at hand.
  virtual void flush() = 0;
  /// The application is stopping. From now on a peer that takes nothing for the sink's drain
  /// timeout is given up: what is buffered and what still comes is dropped, logged and counted as
  /// lost, so that the application can end. Input may still follow, then `finish`.
  virtual void drain() = 0;
  /// No more input will come: write out everything, then close. Does not wait.
  virtual void finish() = 0;
  /// True when everything was written after `finish`, or given up (logged, counted as lost).
  virtual bool finished() const = 0;
};

/// A sink before it runs.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Opens or checks what can fail at start: a file, the form of an address. Throws IoError or
  /// ConfigError with the sink's name in the message. Called on the starting thread, once.
  virtual void open() = 0;
  /// Replaces the configured address, or the path of a file ("--out totals@host:port"); before
  /// `open`. Throws ConfigError when this kind of sink has none.
  virtual void set_address(const std::string& address) = 0;
  virtual std::string address() const = 0;
  /// No two sinks may write to this address.
  virtual bool exclusive() const { return false; }
  /// The writer; called once, on the starting thread, after `open`. The sink outlives it.
  virtual std::unique_ptr<SinkWriter> writer(const WriterContext& context) = 0;
};

}  // namespace wallaroo::internal
