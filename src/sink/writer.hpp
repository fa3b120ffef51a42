// The two faces of a byte sink: what the engine opens, and what the owning executor drives.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "io/event_loop.hpp"
#include "io/file_users.hpp"
#include "metrics/engine_metrics.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// Receives a writer's answers about checkpoints. Called on the writer's thread, within the call
/// that asked or later.
class TransactionListener {
 public:
  virtual ~TransactionListener() = default;
  /// The answer to `prepare`. From here on `commit` can be done whatever happens, also by another
  /// process that is given `bytes`.
  virtual void prepared(std::uint64_t checkpoint, std::string bytes) = 0;
  /// The answer to `commit`.
  virtual void committed(std::uint64_t checkpoint) = 0;
  /// Output written since the last commit is lost or refused, so the application must go back to
  /// the last complete checkpoint. May be called unasked. `reason` names the sink.
  virtual void roll_back(std::string reason) = 0;
};

/// What a writer may use; all of it outlives the writer.
struct WriterContext {
  EventLoop& loop;
  const Clock& clock;
  const Log& log;
  SinkMetrics& metrics;
  TransactionListener* transactions = nullptr;  ///< null: no checkpoints are taken
};

/// A running sink. Lives and is called on one executor's thread only.
class SinkWriter {
 public:
  SinkWriter(const SinkWriter&) = delete;
  SinkWriter& operator=(const SinkWriter&) = delete;
  virtual ~SinkWriter() = default;
  /// Called once, on the executor's thread. A peer that is absent is not an error.
  virtual void start() = 0;
  /// False while the bounded buffer is full: the executor then leaves batches in their queue.
  virtual bool can_accept() const = 0;
  /// Takes the batch's bytes (leaves it empty or as it was). Call only if `can_accept()`; a single
  /// batch may overshoot the bound. Throws IoError when the sink is broken for good.
  virtual void write(ByteBatch& batch) = 0;
  /// Hands buffered bytes to the operating system as far as it takes them; called whenever the
  /// executor has no more input for this sink at hand.
  virtual void flush() = 0;
  /// The application is stopping. From now on a peer that takes nothing for the sink's drain
  /// timeout is given up: buffered and later records are dropped, logged and counted as lost, so
  /// that the application can end. Input may still follow, then `finish`.
  virtual void drain() = 0;
  /// No more input will come: write out everything, then close. Does not wait.
  virtual void finish() = 0;
  /// True when everything was written after `finish`, or given up (logged, counted as lost).
  virtual bool finished() const = 0;

  // Checkpoints. In this order: `barrier`, then `abandon`, or `prepare` and `commit`. One
  // checkpoint at a time: the next barrier comes after the commit of the last one. `finish` may
  // come at any point; a sink that commits is `finished` only when everything it was given is
  // committed. The defaults here are for a sink that cannot take anything back.

  /// Records written so far belong to checkpoint `number`, later ones to the next.
  virtual void barrier(std::uint64_t /*number*/) {}
  /// Whether records from before the barrier can be prepared without waiting for anybody. Until
  /// then no sink is asked to prepare, so a peer that is away makes the checkpoint fail, and
  /// nothing more. Also true if the sink will have to roll back.
  virtual bool passed_barrier() const { return true; }
  /// The checkpoint failed: records from before its barrier belong to the next one.
  virtual void abandon(std::uint64_t /*number*/) {}
  /// Phase 1: make the records from before the barrier durable, then call `prepared`. A write that
  /// has only begun is not enough, because nobody may send it again.
  virtual void prepare(std::uint64_t number) { listener().prepared(number, {}); }
  /// Phase 2: make the prepared records visible, then call `committed`. Until then they stay
  /// prepared.
  virtual void commit(std::uint64_t number) { listener().committed(number); }

 protected:
  explicit SinkWriter(const WriterContext& context) : listener_(context.transactions) {}
  /// Requires that checkpoints are taken.
  TransactionListener& listener() { return *listener_; }

 private:
  TransactionListener* listener_;
};

/// The point from which a sink goes on when checkpoints are taken.
struct SinkRecovery {
  std::uint64_t checkpoint = 0;  ///< 0: nothing was ever committed, the application starts anew
  std::string prepared;          ///< the vote of the sink's writer in that checkpoint
};

/// A sink before it runs.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Tells the application's name. Called before `open`.
  virtual void set_application(const std::string& /*name*/) {}
  /// Called before `open` if checkpoints are taken. `open` or the writer then commits what was
  /// prepared (which may have been done already), and undoes everything later.
  virtual void recover(const SinkRecovery&) {}
  /// Opens or checks what can fail at start: a file, the form of an address. Throws IoError or
  /// ConfigError with the sink's name in the message. Called on the starting thread, once.
  virtual void open() = 0;
  /// Replaces the configured address, or the path of a file ("--out totals@host:port"); before
  /// `open`. Throws ConfigError when this kind of sink has none.
  virtual void set_address(const std::string& address) = 0;
  virtual std::string address() const = 0;
  /// The place where a receiver keeps the output, in words. A receiver may mix up the outputs of
  /// two sinks with the same place, so the application warns of them. Call after `open`. Empty:
  /// none.
  virtual std::string place_at_receiver() const { return {}; }
  /// The files that the sink will write to, or remove. Nobody else may use them. Call before
  /// `open`.
  virtual WrittenFiles files() const { return {}; }
  /// The writer; called once, on the starting thread, after `open`. The sink outlives it.
  virtual std::unique_ptr<SinkWriter> writer(const WriterContext& context) = 0;
};

}  // namespace wallaroo::internal
