#include "sink/file/file_commit_writer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "io/socket.hpp"
#include "sink/file/file_proof.hpp"

namespace wallaroo::internal {

namespace {

constexpr FailpointGroup points("sink.file");
constexpr std::size_t max_parts = 16;

IoResult write_guarded(OutputFile& file, std::span<const iovec> parts) {
  if (const int error = points.before("write")) {
    return {0, error};
  }
  const IoResult written = file.write(parts);
  const int error = written.error == 0 ? points.after("write") : written.error;
  return {error == 0 ? written.bytes : 0, error};
}

}  // namespace

FileCommitWriter::FileCommitWriter(const CommittedFiles& files, RollPlan plan,
                                   const WriterContext& context)
    : SinkWriter(context),
      files_(files),
      context_(context),
      plan_(plan),
      queue_(context.clock, context.metrics),
      marked_end_(plan.end()),
      proof_(prove(files, {files.path(), {}, plan.end()})),
      helper_(context.loop) {}

void FileCommitWriter::write(ByteBatch& batch) {
  if (!error_.empty()) {
    throw IoError(error_);
  }
  plan_.split(
      batch, context_.clock.wall_ns(), [this](ByteBatch& some) { append(some); }, [] {});
  if (queue_.bytes() >= OutputQueue::coalesced_bytes) {
    write_queued();
  }
}

void FileCommitWriter::append(ByteBatch& batch) {
  if (const std::size_t bytes = batch.bytes.size(); bytes != 0) {
    if (!part_) {
      begin_part();
    }
    piece_for(bytes).place.bytes += bytes;
    part_->bytes += bytes;
  }
  queue_.push(batch);
}

/// Returns the piece to which `bytes` are about to be added; `plan_` already includes them.
FileCommitWriter::Piece& FileCommitWriter::piece_for(std::uint64_t bytes) {
  const FileEnd& end = plan_.end();
  if (pieces_.size() == marked_ || pieces_.back().part != part_ ||
      pieces_.back().place.file != end.index) {
    pieces_.push_back({part_,
                       {.part = part_->name,
                        .part_offset = part_->bytes,
                        .file = end.index,
                        .file_offset = end.bytes - bytes}});
  }
  return pieces_.back();
}

void FileCommitWriter::begin_part() {
  std::string name = files_.new_part_name();
  const std::string path = files_.part_path(name);
  const int before = points.before("create");
  OutputFile file(files_.steps().who(), {.path = path});
  if (const int error = before != 0 ? before : points.after("create")) {
    fail(fmt::format("{}: cannot open '{}': {}", files_.steps().who(), path, error_text(error)));
  }
  part_ = std::make_shared<Part>(Part{std::move(name), std::move(file)});
}

void FileCommitWriter::write_queued() {
  std::array<iovec, max_parts> parts;
  while (error_.empty() && !queue_.empty()) {
    const std::size_t count = queue_.gather(parts);
    const IoResult written = write_guarded(part_->file, std::span(parts).first(count));
    if (written.error != 0) {
      fail(part_->file.explain(written.error));
    }
    queue_.taken(written.bytes);
  }
}

void FileCommitWriter::fail(const std::string& error) {
  error_ =
      fmt::format("{}; output that was not committed will be made again after a restart", error);
  (void)queue_.discard();
  context_.metrics.connected.set(0);
  throw IoError(error_);
}

void FileCommitWriter::finish() {
  finishing_ = true;
  write_queued();
  close_if_done();
}

void FileCommitWriter::close_if_done() {
  if (finished()) {
    context_.metrics.connected.set(0);
  }
}

void FileCommitWriter::barrier(std::uint64_t) {
  marked_ = pieces_.size();
  marked_end_ = plan_.end();
}

void FileCommitWriter::abandon(std::uint64_t) {
  if (const std::size_t mark = std::exchange(marked_, 0); mark != 0 && mark < pieces_.size()) {
    Piece& before = pieces_[mark - 1];
    const Piece& after = pieces_[mark];
    if (before.part == after.part && before.place.file == after.place.file) {
      before.place.bytes += after.place.bytes;
      pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(mark));
    }
  }
}

FileTransaction FileCommitWriter::marked_transaction() const {
  FileTransaction transaction{files_.path(), {}, marked_end_};
  for (std::size_t i = 0; i < marked_; ++i) {
    transaction.pieces.push_back(pieces_[i].place);
  }
  return transaction;
}

void FileCommitWriter::prepare(std::uint64_t number) {
  write_queued();
  if (marked_ != 0 && pieces_[marked_ - 1].part == part_) {
    part_.reset();
  }
  transaction_ = marked_transaction();
  if (marked_ == 0) {
    on_prepared(number, "");
    return;
  }
  begin_prepare(number);
}

void FileCommitWriter::begin_prepare(std::uint64_t number) {
  std::vector<std::shared_ptr<Part>> parts;
  for (std::size_t i = 0; i < marked_; ++i) {
    if (parts.empty() || parts.back() != pieces_[i].part) {
      parts.push_back(pieces_[i].part);
    }
  }
  const auto proof = std::make_shared<FileProof>();
  helper_.run(
      [&files = files_, parts = std::move(parts), transaction = transaction_, proof] {
        std::vector<std::pair<std::string, int>> descriptors;
        for (const auto& part : parts) {
          descriptors.emplace_back(part->name, part->file.descriptor());
        }
        files.prepare(descriptors);
        *proof = prove(files, transaction);
      },
      [this, number, proof](const std::string& error) {
        proof_ = *proof;
        on_prepared(number, error);
      });
}

void FileCommitWriter::on_prepared(std::uint64_t number, const std::string& error) {
  if (error.empty()) {
    transaction_.proof = proof_;
    listener().prepared(number, encode(transaction_));
  } else {
    listener().roll_back(error);
  }
}

/// The part files that hold nothing but what is now committed.
std::vector<std::string> FileCommitWriter::parts_done() const {
  std::vector<std::string> names;
  for (const FilePiece& piece : transaction_.pieces) {
    const bool needed =
        std::any_of(pieces_.begin() + static_cast<std::ptrdiff_t>(marked_), pieces_.end(),
                    [&](const Piece& later) { return later.place.part == piece.part; });
    if (!needed && (names.empty() || names.back() != piece.part)) {
      names.push_back(piece.part);
    }
  }
  return names;
}

void FileCommitWriter::commit(std::uint64_t number) {
  if (marked_ == 0) {
    on_committed(number, "");
    return;
  }
  helper_.run(
      [&files = files_, transaction = transaction_, done = parts_done()] {
        files.commit(transaction);
        files.remove_parts(done);
      },
      [this, number](const std::string& error) { on_committed(number, error); });
}

void FileCommitWriter::on_committed(std::uint64_t number, const std::string& error) {
  if (!error.empty()) {
    listener().roll_back(error);
    return;
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(marked_));
  marked_ = 0;
  close_if_done();
  listener().committed(number);
}

}  // namespace wallaroo::internal
