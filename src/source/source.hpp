// The two faces of a source: what the engine opens, and what each executor drives.
#pragma once

#include <cstddef>
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

/// Takes the batches of a reader: the chain of stages that follows it. Byte sources deliver a
/// FrameBatch (the chain starts with the decoder), others the batch of records that their chain
/// was built for.
class BatchReceiver {
 public:
  virtual ~BatchReceiver() = default;
  /// Consumes the records before it returns. The bytes of frames live as long as `batch.pins` are
  /// held. A StageError thrown here must be let through: the application is stopping.
  virtual void receive(Batch& batch) = 0;
  /// While true, a reader must not read more: a queue downstream is full, the poll has taken
  /// long, or consumers should first take what was sent. The executor checks it before each poll, a
  /// reader between batches.
  virtual bool blocked() const = 0;
  /// How many records the next batch should have at most, so that it does not take long. It may
  /// change with each batch.
  virtual std::size_t most_records() const { return max_batch_records; }
  /// The partition will give batches (their `partition`) until it ends. An open partition that
  /// gives nothing holds the watermark back. A batch of a partition opens it, too.
  virtual void open_partition(std::uint64_t) {}
  /// Opens a partition whose records all exist already, such as a file. It is never idle, because
  /// only the reader's own choice makes it silent.
  virtual void open_bounded_partition(std::uint64_t partition) { open_partition(partition); }
  virtual void end_partition(std::uint64_t) {}
  /// An open partition is cut off and may come back: it holds the watermark back until it is opened
  /// again, or becomes idle and is forgotten.
  virtual void leave_partition(std::uint64_t partition) { end_partition(partition); }
  /// A partition that was left is now open at another executor. If it gave something here, it still
  /// holds the watermark back until it is idle, because other partitions may be ahead of its next
  /// records.
  virtual void forget_partition(std::uint64_t) {}
  /// With event time: the open partition that holds the others back, and so the one to read next.
  /// Nothing if none does. It may change with each batch.
  virtual std::optional<std::uint64_t> partition_behind() const { return std::nullopt; }
};

/// Applies the source's `on_error` policy to records that the source itself could not make. (A
/// decoder is a step of the chain, and its failures are handled there.)
class Refusals {
 public:
  virtual ~Refusals() = default;
  /// `record` names the record in messages, and becomes the record of a dead letter. Throws
  /// StageError if the policy is `stop`; the caller must let it through.
  virtual void refuse(std::string_view error, std::string record) = 0;
  /// Call after the last `refuse` of a poll, because dead letters must not wait for more.
  virtual void flush() = 0;
};

/// What a reader may use; all of it outlives the reader.
struct ReaderContext {
  EventLoop& loop;
  const Clock& clock;
  const Log& log;
  SourceMetrics& metrics;
  BatchReceiver& receiver;
  Refusals& refusals;
  bool checkpoints = false;  ///< checkpoints will be taken: `save` is called
};

/// The position of a partition of a source: everything before it was delivered.
struct SourcePosition {
  std::string partition;  ///< unique within the source, the same in every run
  std::string bytes;      ///< in a format of the source's own
};

/// One source's share on one executor. Lives and is called on that executor's thread only.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  /// Called once, on the executor's thread, before the first poll. Throws IoError.
  virtual void start() = 0;
  /// Reads a bounded amount (at most about 256 KiB) from what is ready, and delivers it in batches
  /// of at most `max_batch_records` frames. The executor does not call it while a queue downstream
  /// is full. Returns true when something was read, or more is known to be ready; false means that
  /// only the event loop can bring news. Throws IoError when the source itself is broken.
  virtual bool poll() = 0;
  /// Stops accepting and reading; `poll` still delivers what was read.
  virtual void stop() = 0;
  /// True once everything was delivered and nothing can follow (end of files, or after `stop`).
  virtual bool finished() const = 0;

  // Checkpoints. A source that cannot go back to a position leaves these as they are.

  /// Called between two polls. Returns the positions of this share's partitions for checkpoint
  /// `number`.
  virtual std::vector<SourcePosition> save(std::uint64_t /*number*/) { return {}; }
  /// Checkpoint `number` is complete and all of it is committed, so its records will not be asked
  /// for again. Numbers rise; those of failed checkpoints are left out.
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
  /// Replaces the configured files by these, or by the files that these patterns match; before
  /// `open`. Returns false if this kind of source reads no files.
  virtual bool set_paths(const std::vector<std::string>& /*paths*/) { return false; }
  /// Called before `open`. True: the stages right behind the source have an event-time clock for
  /// each of its partitions, so it may read them in any order without making a record late.
  virtual void set_event_time(bool) {}
  /// The files that are read, so that nobody writes to them; "-" is standard input. Call after
  /// `open` and `restore`.
  virtual std::vector<std::string> files() const { return {}; }
  /// Called after `open` and before `reader`, with the positions of all partitions in the
  /// restored checkpoint, whichever executors they were on. Throws ConfigError or IoError that says
  /// what is different if the source cannot go back to one of them.
  virtual void restore(std::vector<SourcePosition> /*positions*/) {}
  /// The kind of source, for the names of pushed metrics.
  virtual std::string_view kind() const { return "Source"; }
  /// The source has a port of its own, which `address` tells once it is open.
  virtual bool listens() const { return false; }
  /// The address that `open` bound, e.g. "127.0.0.1:40123", or the paths of a file source.
  virtual std::string address() const = 0;
  /// The share of executor `index` of `executors`; called once for each, on the starting thread,
  /// after `open`. The source outlives its readers.
  virtual std::unique_ptr<SourceReader> reader(int index, int executors,
                                               const ReaderContext& context) = 0;
};

}  // namespace wallaroo::internal
