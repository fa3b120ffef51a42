#include "sink/file_sink.hpp"

#include <chrono>
#include <utility>

#include <sys/stat.h>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "base/check.hpp"
#include "sink/file_commit_writer.hpp"
#include "sink/file_writer.hpp"

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
  if (options_.path.empty()) {
    throw ConfigError(fmt::format(
        "sink '{}': the path is empty; give a file, or \"-\" for standard output", name_));
  }
  if (options_.roll_every.count() < 0) {
    throw ConfigError(fmt::format("sink '{}': roll_every must not be negative", name_));
  }
  if (limits().any() && !regular()) {
    throw ConfigError(
        fmt::format("sink '{}': '{}' is not a regular file, so there is none to begin next; leave "
                    "roll_bytes and roll_every at 0",
                    name_, options_.path));
  }
}

/// Of a path that is not there yet, a file will be made. What cannot be written to is found out
/// when it is opened.
bool FileSink::regular() const {
  struct stat about {};
  // These are streams of somebody else's, also where they lead to a file.
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

void FileSink::open_stream() {
  const std::string who = fmt::format("sink '{}'", name_);
  if (recovery_ && !recovery_->prepared.empty()) {
    throw ConfigError(fmt::format(
        "{}: it committed to '{}' in the checkpoint, and writes to '{}' now, from which nothing "
        "can "
        "be taken back; write to a file, or start anew with another directory for checkpoints",
        who, decode_file_transaction(recovery_->prepared).path, options_.path));
  }
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
  if (recovery_->prepared.empty()) {
    // Opened as any sink's file first, for the errors of those that cannot be.
    if (!limits().any()) {
      OutputFile(committed_->steps().who(), {.path = options_.path, .append = true}).close();
    }
    end_ = committed_->begin(options_.append, limits().any());
  } else {
    go_on(recovery_->prepared);
  }
  committed_->remove_stale_parts();
}

void FileSink::go_on(const std::string& prepared) {
  FileTransaction transaction;
  try {
    transaction = decode_file_transaction(prepared);
  } catch (const IoError& error) {
    throw IoError(fmt::format("sink '{}': {}", name_, error.what()));
  }
  if ((transaction.end.index != 0) != limits().any()) {
    throw ConfigError(fmt::format(
        "sink '{}': the checkpoint was taken while its files were{} rolled, which now is the other "
        "way round; set roll_bytes and roll_every as they were, or start anew with another "
        "directory for checkpoints",
        name_, transaction.end.index != 0 ? "" : " not"));
  }
  committed_->commit(transaction);
  committed_->cut_back(transaction);
  end_ = transaction.end;
}

void FileSink::set_address(const std::string& address) { options_.path = address; }

bool FileSink::exclusive() const { return !options_.path.starts_with("/dev/"); }

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
