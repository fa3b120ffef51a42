#include "sink/file/file_proof.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/short_bytes.hpp"
#include "io/file_id.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::uint64_t sample = FileProof::max_sample_bytes;

/// The last file of a transaction: the bytes that are there, and those that its part files will
/// add.
class LastFile {
 public:
  LastFile(const CommittedFiles& files, const FileTransaction& transaction)
      : files_(files),
        path_(file_of(files.path(), transaction.end.index)),
        end_(transaction.end.bytes),
        file_(files.steps().open_for_reading(path_)),
        size_(file_ ? files.steps().size(file_, path_) : 0) {
    for (const FilePiece& piece : transaction.pieces) {
      if (piece.file != transaction.end.index) {
        continue;
      }
      if (FileDescriptor part = files.steps().open_for_reading(files.part_path(piece.part))) {
        parts_.push_back({piece, std::move(part)});
      }
    }
  }

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// How many bytes the file must have before the part files are copied.
  std::uint64_t needed() const { return parts_.empty() ? end_ : parts_.front().piece.file_offset; }

  /// A proof of the content that the file will have.
  FileProof proof() const {
    const std::uint64_t bytes = std::min(end_, sample);
    FileProof proof{.sample_bytes = bytes,
                    .head_hash = hash_long(content(0, bytes)),
                    .tail_hash = hash_long(content(end_ - bytes, bytes))};
    if (const auto found = find_file_id(path_); found && found->kind == FileKind::regular) {
      proof.device = found->place.device;
      proof.inode = found->place.inode;
    }
    return proof;
  }
  /// Whether the bytes that the file already has of a part are the same as in the part file.
  bool begins_as_parts() const {
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part& part) {
      const FilePiece& piece = part.piece;
      const std::uint64_t there =
          std::min(std::max(size_, piece.file_offset) - piece.file_offset, piece.bytes);
      const std::uint64_t bytes = std::min(there, sample);
      return same(part, 0, bytes) && same(part, there - bytes, bytes);
    });
  }

 private:
  struct Part {
    FilePiece piece;
    FileDescriptor file;
  };

  bool same(const Part& part, std::uint64_t offset, std::uint64_t bytes) const {
    return files_.steps().read(file_, part.piece.file_offset + offset, bytes, path_) ==
           files_.steps().read(part.file, part.piece.part_offset + offset, bytes, part.piece.part);
  }

  std::string content(std::uint64_t begin, std::uint64_t bytes) const {
    std::string all;
    while (all.size() < bytes) {
      const std::uint64_t at = begin + all.size();
      const std::uint64_t left = bytes - all.size();
      const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& each) {
        return at < each.piece.file_offset + each.piece.bytes;
      });
      if (part == parts_.end()) {
        all += files_.steps().read(file_, at, left, path_);
      } else if (at < part->piece.file_offset) {
        const std::uint64_t before = part->piece.file_offset - at;
        all += files_.steps().read(file_, at, std::min(left, before), path_);
      } else {
        const std::uint64_t inside = at - part->piece.file_offset;
        all += files_.steps().read(part->file, part->piece.part_offset + inside,
                                   std::min(left, part->piece.bytes - inside), part->piece.part);
      }
    }
    return all;
  }

  const CommittedFiles& files_;
  std::string path_;
  std::uint64_t end_;
  FileDescriptor file_;
  std::uint64_t size_;
  std::vector<Part> parts_;  // those that still exist, in the order of the file
};

bool was_moved(const CommittedFiles& files, const FileTransaction& transaction) {
  if (transaction.path == files.path()) {
    return false;
  }
  const auto now = find_file_id(files.path());
  const auto then = find_file_id(transaction.path);
  return !now || !then || now->place != then->place;
}

[[noreturn]] void refuse_short(const CommittedFiles& files, const FileTransaction& transaction,
                               const LastFile& last) {
  throw ConfigError(fmt::format(
      "{}: '{}' is missing or was shortened: {} bytes were committed to it and {} are there{}; put "
      "the file back as it was, or start anew with another directory for checkpoints",
      files.steps().who(), last.path(), last.needed(), last.size(),
      transaction.path == files.path()
          ? ""
          : fmt::format(" (the checkpoint was taken while the sink wrote to '{}')",
                        transaction.path)));
}

[[noreturn]] void refuse_other(const CommittedFiles& files, const FileTransaction& transaction,
                               const LastFile& last, std::string_view reason) {
  if (transaction.path == files.path()) {
    throw ConfigError(fmt::format(
        "{}: '{}' is not what was committed to it: {}; put the file back as it was, or start anew "
        "with another directory for checkpoints",
        files.steps().who(), last.path(), reason));
  }
  throw ConfigError(fmt::format(
      "{}: the checkpoint was taken while it wrote to '{}', and '{}' is not that file: {}; start "
      "with the old path, move the file with what is in it to the new one, or start anew with "
      "another directory for checkpoints",
      files.steps().who(), transaction.path, last.path(), reason));
}

}  // namespace

FileProof prove(const CommittedFiles& files, const FileTransaction& transaction) {
  return LastFile(files, transaction).proof();
}

void check_output(const CommittedFiles& files, const FileTransaction& transaction) {
  const LastFile last(files, transaction);
  const bool moved = was_moved(files, transaction);
  if (last.size() < last.needed()) {
    refuse_short(files, transaction, last);
  }
  if (!transaction.proof) {
    if (moved) {
      refuse_other(files, transaction, last,
                   "nothing proves that it is, because an older version wrote the checkpoint");
    }
    return;
  }
  const FileProof now = last.proof();
  const FileProof& then = *transaction.proof;
  if (now.head_hash != then.head_hash) {
    refuse_other(files, transaction, last, "it begins with something else");
  }
  if (now.tail_hash != then.tail_hash) {
    refuse_other(files, transaction, last,
                 fmt::format("it has something else before byte {}", transaction.end.bytes));
  }
  // In the very file that was voted on, a crash may have left anything where a commit was to write.
  const bool itself = then.inode != 0 && now.device == then.device && now.inode == then.inode;
  if (itself || (then.inode == 0 && !moved)) {
    return;
  }
  if (!last.begins_as_parts()) {
    refuse_other(files, transaction, last, "something else was written to it");
  }
  if (last.size() == 0 && moved && files.has_later(transaction.end.index)) {
    refuse_other(files, transaction, last, "it does not exist, but later files of its sequence do");
  }
}

}  // namespace wallaroo::internal
