// The two faces of a source: what the engine opens, and what each executor drives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "io/event_loop.hpp"
#include "metrics/engine_metrics.hpp"
#include "record/batch.hpp"

namespace wallaroo::internal {

/// Where a connector puts what it read: the chain of stages that follows. Byte sources deliver a
/// FrameBatch (the chain starts with the decoder), others the batch of records that their chain
/// was built for.
class BatchReceiver {
 public:
  virtual ~BatchReceiver() = default;
  /// Consumes the records before it returns. The bytes of frames live as long as `batch.pins` are
  /// held. A StageError thrown here must be let through: the application is stopping.
  virtual void receive(Batch& batch) = 0;
  /// True while a queue downstream is full, the poll has taken long, or what was sent is to be
  /// taken first: a connector must not read more (the executor checks it before each poll; a
  /// connector checks between batches).
  virtual bool blocked() const = 0;
  /// A partition that will give batches (their `partition`), until it ends. One that is open and
  /// gives nothing holds the watermark back; one may also appear with its first batch.
  virtual void open_partition(std::uint64_t) {}
  /// A partition whose records are all there already, such as a file: it is never idle, because
  /// nothing but the connector's own choice makes it silent.
  virtual void open_bounded_partition(std::uint64_t partition) { open_partition(partition); }
  virtual void end_partition(std::uint64_t) {}
  /// An open partition is cut off and may come back: it holds the watermark back until it is opened
  /// again, or idle. Then nothing is known of it any more.
  virtual void leave_partition(std::uint64_t partition) { end_partition(partition); }
  /// One that was left is open at another executor. It holds the watermark back until it is idle if
  /// it gave something here, because the others may be ahead of what it goes on with.
  virtual void forget_partition(std::uint64_t) {}
  /// With event time: the open partition that holds the others back, so the one to read from next.
  /// No value when none does. After each batch it may be another one.
  virtual std::optional<std::uint64_t> partition_behind() const { return std::nullopt; }
};

/// The source's `on_error` policy, for records that the source itself could not make. (A decoder is
/// a step of the chain, which handles its failures there.)
class Refusals {
 public:
  virtual ~Refusals() = default;
  /// `record` names it in messages and is the record of a dead letter. Throws StageError when the
  /// policy is `stop`, which must be let through.
  virtual void refuse(std::string_view error, std::string record) = 0;
  /// After the last `refuse` of a poll: dead letters must not wait for more.
  virtual void flush() = 0;
};

/// What a connector may use; all of it outlives the connector.
struct ConnectorContext {
  EventLoop& loop;
  const Clock& clock;
  const Log& log;
  SourceMetrics& metrics;
  BatchReceiver& receiver;
  Refusals& refusals;
  bool checkpoints = false;  ///< there will be: `save` is called
};

/// Where a partition of a source is: everything before was delivered.
struct SourcePosition {
  std::string partition;  ///< its own within the source, the same in every run
  std::string bytes;      ///< what the source makes of it
};

/// One source's share on one executor. Lives and is called on that executor's thread only.
class SourceConnector {
 public:
  virtual ~SourceConnector() = default;
  /// Called once, on the executor's thread, before the first poll. Throws IoError.
  virtual void start() = 0;
  /// Reads a bounded amount (at most about 256 KiB) from what is ready, and delivers it in batches
  /// of at most `max_batch_records` frames. The executor does not call it while a queue downstream
  /// is full. Returns true when something was read, or more is known to be ready; false means that
  /// only the event loop can bring news. Throws IoError when the source itself is broken.
  virtual bool poll() = 0;
  /// No new input: stops accepting and reading, but what was read is still delivered by `poll`.
  virtual void stop() = 0;
  /// True once everything was delivered and nothing can follow (end of files, or after `stop`).
  virtual bool finished() const = 0;

  // Checkpoints. A source that cannot go back to a position leaves these as they are.

  /// Between two polls: where this share's partitions are, to be part of checkpoint `number`.
  virtual std::vector<SourcePosition> save(std::uint64_t /*number*/) { return {}; }
  /// Checkpoint `number` is complete, and everything in it committed: what it contains will not be
  /// asked for again. Numbers rise; those of failed checkpoints are left out.
  virtual void completed(std::uint64_t /*number*/) {}
};

/// A source before it runs; shared by the executors.
class Source {
 public:
  virtual ~Source() = default;
  /// Binds, opens, checks: whatever can fail for reasons of the outside world. Throws IoError or
  /// ConfigError with the source's name in the message. Called on the starting thread, once.
  virtual void open() = 0;
  /// Replaces the configured address ("--in name@host:port"); before `open`. Throws ConfigError
  /// when this kind of source has none.
  virtual void set_address(const std::string& address) = 0;
  /// Replaces the configured files by these, or by what these patterns match; before `open`. False
  /// when this kind of source reads no files.
  virtual bool set_paths(const std::vector<std::string>& /*paths*/) { return false; }
  /// Before `open`: whether the stages right behind the source have a clock in event time for each
  /// of its partitions, so that it may read them in any order without making a record late.
  virtual void set_event_time(bool) {}
  /// After `open` and `restore`: the files that are read, so that nobody writes to them. "-" is
  /// standard input.
  virtual std::vector<std::string> files() const { return {}; }
  /// Before `connector`, after `open`: the positions of all partitions in the checkpoint that is
  /// restored, whichever executors they were on. Throws ConfigError or IoError when it cannot go
  /// back to one of them, saying what is different.
  virtual void restore(std::vector<SourcePosition> /*positions*/) {}
  /// It has a port of its own, which `address` tells once it is open.
  virtual bool listens() const { return false; }
  /// What `open` bound, e.g. "127.0.0.1:40123", or the paths of a file source.
  virtual std::string address() const = 0;
  /// The share of executor `index` of `executors`; called once for each, on the starting thread,
  /// after `open`. The source outlives its connectors.
  virtual std::unique_ptr<SourceConnector> connector(int index, int executors,
                                                     const ConnectorContext& context) = 0;
};

}  // namespace wallaroo::internal
