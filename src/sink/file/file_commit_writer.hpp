// Writes records so that they become visible with the checkpoint that contains them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sink/file/file_committed.hpp"
#include "sink/file/file_helper.hpp"
#include "sink/file/file_roll.hpp"
#include "sink/file/file_transaction.hpp"
#include "sink/file/output_file.hpp"
#include "sink/output_queue.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// Records go to a part file at once. Their places in the final files are fixed then, so a
/// transaction is a list of pieces. After a vote another part file is begun. Beyond the
/// transaction, the old one holds at most the records between barrier and vote, and it is removed
/// by the next commit. CommittedFiles tells why this is safe.
///
/// A helper thread does the work that waits for the disk, one job at a time.
class FileCommitWriter final : public SinkWriter {
 public:
  /// `files` must outlive the writer. They are committed up to the plan's end.
  FileCommitWriter(const CommittedFiles& files, RollPlan plan, const WriterContext& context);

  void start() override { context_.metrics.connected.set(1); }
  bool can_accept() const override { return true; }
  void write(ByteBatch& batch) override;
  void flush() override { write_queued(); }
  /// A file never makes anyone wait.
  void drain() override {}
  void finish() override;
  bool finished() const override { return finishing_ && (pieces_.empty() || !error_.empty()); }

  void barrier(std::uint64_t number) override;
  void abandon(std::uint64_t number) override;
  void prepare(std::uint64_t number) override;
  void commit(std::uint64_t number) override;

 private:
  struct Part {
    std::string name;
    OutputFile file;
    std::uint64_t bytes = 0;  ///< given to the file; some may still be queued
  };
  struct Piece {
    std::shared_ptr<Part> part;
    FilePiece place;
  };

  void append(ByteBatch& batch);
  Piece& piece_for(std::uint64_t bytes);
  void write_queued();
  void begin_part();
  FileTransaction marked_transaction() const;
  std::vector<std::string> parts_done() const;
  void begin_prepare(std::uint64_t number);
  void on_prepared(std::uint64_t number, const std::string& error);
  void on_committed(std::uint64_t number, const std::string& error);
  void close_if_done();
  [[noreturn]] void fail(const std::string& error);

  const CommittedFiles& files_;
  WriterContext context_;
  RollPlan plan_;
  OutputQueue queue_;           // for the current part
  std::shared_ptr<Part> part_;  // null: the next record begins one
  std::deque<Piece> pieces_;    // not committed
  std::size_t marked_ = 0;      // how many pieces are before the barrier
  FileEnd marked_end_;
  FileTransaction transaction_;  // the one that was voted on last
  FileProof proof_;              // of the last vote
  bool finishing_ = false;
  std::string error_;  // why nothing more can be written
  FileHelper helper_;  // declared last, so that its job ends before other members are destroyed
};

}  // namespace wallaroo::internal
