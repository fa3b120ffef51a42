#include "sink/file/file_sink.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "base/option_check.hpp"
#include "io/file_lock.hpp"
#include "sink/file/file_commit_writer.hpp"
#include "sink/file/file_proof.hpp"
#include "sink/file/file_writer.hpp"

namespace wallaroo::internal {

FileSink::FileSink(std::string name, FileSinkOptions options)
    : name_(std::move(name)), options_(std::move(options)) {}

void FileSink::open() {
  check_options();
  if (recovery_ && regular()) {
    open_committed();
  } else {
    open_stream();
  }
}

void FileSink::check_options() const {
  const OptionCheck option(fmt::format("sink '{}'", name_));
  option.path("path", options_.path);
  option.duration("roll_every", options_.roll_every);
  if (limits().any() && !regular()) {
    throw ConfigError(fmt::format(
        "sink '{}': '{}' is not a regular file, so the sink cannot begin a next one; leave "
        "roll_bytes and roll_every at 0",
        name_, options_.path));
  }
}

/// True also for a path that does not exist, because a file will be made there, and for a
/// directory, because opening it gives the right error.
bool FileSink::regular() const {
  struct stat about {};
  // These streams belong to somebody else, even if they lead to a file.
  for (const std::string_view stream : {"/dev/std", "/dev/fd/", "/proc/"}) {
    if (options_.path.starts_with(stream)) {
      return false;
    }
  }
  if (options_.path == "-") {
    return false;
  }
  return ::stat(options_.path.c_str(), &about) != 0 || S_ISREG(about.st_mode) ||
         S_ISDIR(about.st_mode);
}

RollLimits FileSink::limits() const {
  return {options_.roll_bytes,
          std::chrono::duration_cast<std::chrono::nanoseconds>(options_.roll_every).count()};
}

/// Only checks, and changes no file: the start may still be refused.
void FileSink::recover(const SinkRecovery& recovery) {
  recovery_ = recovery;
  check_options();
  if (recovery.checkpoint != 0 && recovery.prepared.empty() && regular()) {
    check_new_file();
  }
  if (recovery.prepared.empty()) {
    return;
  }
  const FileTransaction voted = transaction();
  if (!regular()) {
    throw ConfigError(fmt::format(
        "sink '{}': it committed to '{}' in the checkpoint, and writes to '{}' now, from which "
        "nothing can be taken back; write to a file, or start anew with another directory for "
        "checkpoints",
        name_, voted.path, options_.path));
  }
  check_options_of(voted);
  check_output(CommittedFiles(fmt::format("sink '{}'", name_), options_.path), voted);
}

/// Called if there is a checkpoint but no vote, so the sink has committed nothing to this file.
void FileSink::check_new_file() const {
  struct stat about {};
  if (!options_.append && !limits().any() && ::stat(options_.path.c_str(), &about) == 0 &&
      about.st_size > 0) {
    throw ConfigError(
        fmt::format("sink '{}': '{}' is not empty, and the sink did not write to a file when the "
                    "checkpoint was taken; move it away, or set append",
                    name_, options_.path));
  }
}

FileTransaction FileSink::transaction() const {
  try {
    return decode_file_transaction(recovery_->prepared);
  } catch (const IoError& error) {
    throw IoError(fmt::format("sink '{}': {}", name_, error.what()));
  }
}

void FileSink::check_options_of(const FileTransaction& voted) const {
  if ((voted.end.index != 0) != limits().any()) {
    throw ConfigError(fmt::format(
        "sink '{}': the checkpoint was taken while its files were{} rolled, and now it is the "
        "other way round; set roll_bytes and roll_every as they were, or start anew with another "
        "directory for checkpoints",
        name_, voted.end.index != 0 ? "" : " not"));
  }
}

void FileSink::open_stream() {
  const std::string who = fmt::format("sink '{}'", name_);
  FileSinkOptions options = options_;
  if (limits().any()) {
    const CommittedFiles files(who, options_.path);
    end_ = files.begin(options_.append, true);
    options.path = file_of(options_.path, end_.index);
  }
  file_.emplace(who, options);
}

void FileSink::open_committed() {
  committed_.emplace(fmt::format("sink '{}'", name_), options_.path);
  require_alone();
  if (recovery_->prepared.empty()) {
    end_ = committed_->begin(options_.append, limits().any());
  } else {
    go_on();
  }
  committed_->remove_stale_parts();
}

/// Throws if another process, with other checkpoints, uses the same path: this one would remove its
/// part files.
void FileSink::require_alone() {
  if (committed_->part_in_use()) {
    refuse_locked(committed_->steps().who(), options_.path);
  }
  if (limits().any()) {
    return;
  }
  // First opens the file as any sink does, so that a failure has the usual message.
  OutputFile(committed_->steps().who(), {.path = options_.path, .append = true}).close();
  lock_ = committed_->steps().open_for_writing(options_.path);
  if (!lock_file(lock_.get(), false)) {
    refuse_locked(committed_->steps().who(), options_.path);
  }
}

void FileSink::go_on() {
  const FileTransaction voted = transaction();
  committed_->commit(voted);
  committed_->cut_back(voted);
  end_ = voted.end;
  // If the file was moved, its part files have the old name, and `remove_stale_parts` misses them.
  std::vector<std::string> parts;
  for (const FilePiece& piece : voted.pieces) {
    parts.push_back(piece.part);
  }
  committed_->remove_parts(parts);
}

void FileSink::set_address(const std::string& address) { options_.path = address; }

WrittenFiles FileSink::files() const {
  if (!limits().any()) {
    return {.paths = {options_.path}};
  }
  return {.paths = CommittedFiles(fmt::format("sink '{}'", name_), options_.path).existing_rolled(),
          .sequence = options_.path};
}

std::unique_ptr<SinkWriter> FileSink::writer(const WriterContext& context) {
  const RollPlan plan(limits(), end_);
  if (committed_) {
    check(context.transactions != nullptr, "a sink that recovered takes part in checkpoints");
    return std::make_unique<FileCommitWriter>(*committed_, plan, context);
  }
  check(file_.has_value(), "a sink is opened before it gets its writer");
  return std::make_unique<FileWriter>(FileWriter::Target{std::move(*file_), options_.path, plan},
                                      context);
}

}  // namespace wallaroo::internal
