#include "source/file/files_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file_paths.hpp"

namespace wallaroo::internal {

FilesReader::FilesReader(const FilePlan& plan, const ReaderContext& context)
    : plan_(plan), context_(context), delivery_(plan.framer, context), warned_(!plan.restored) {
  if (plan.resume) {
    const FilePosition& position = *plan.resume;
    next_path_ = position.path_index;
    passes_ = position.passes;
    pass_had_bytes_ = position.pass_had_bytes;
    finished_ = position.finished;
    if (finished_) {
      last_ = position;
    } else if (position.inside) {
      resume_ = position;
    }
  }
}

void FilesReader::start() {
  if (finished_) {
    return;
  }
  if (std::all_of(plan_.paths.begin(), plan_.paths.end(), is_regular_file)) {
    context_.receiver.open_bounded_partition(0);
  } else {
    context_.receiver.open_partition(0);
  }
}

bool FilesReader::poll() {
  bool worked = false;
  PollBudget budget;
  while (!finished_ && budget.left() && !context_.receiver.blocked()) {
    if (!current_) {
      worked = true;
      --budget.batches;
      finished_ = stopped_ || !open_next();
      continue;
    }
    if (current_->starved() && !current_->at_end() && !stopped_ && !current_->read(budget)) {
      break;
    }
    worked = true;
    pass_had_bytes_ = pass_had_bytes_ || current_->read_something();
    current_->deliver(budget);
    if (current_->starved() && stopped_) {
      end_stopped();
    } else if (current_->starved() && current_->at_end() && !current_->next_file()) {
      current_.reset();
    }
  }
  return worked || !(finished_ || waiting());
}

bool FilesReader::open_next() {
  if (resume_) {
    open(plan_.resume_spot, resume_->path_index);
    next_path_ = std::exchange(resume_, std::nullopt)->path_index + 1;
    warned_ = true;
    return true;
  }
  while (plan_.resume && passes_ == plan_.resume->passes && plan_.in_spot.contains(next_path_)) {
    ++next_path_;
  }
  if (next_path_ == plan_.paths.size()) {
    next_path_ = 0;
    ++passes_;
    // Otherwise files that are all empty would be read for ever.
    if (passes_ == plan_.repeat || !std::exchange(pass_had_bytes_, false)) {
      return false;
    }
  }
  const std::size_t index = next_path_++;
  open({plan_.paths[index], {plan_.paths[index]}}, index);
  warn_if_not_replayable();
  return true;
}

void FilesReader::open(FileSpot spot, std::size_t index) {
  current_.emplace(FileReaderParts{plan_, context_, pool_, delivery_}, std::move(spot), 0);
  current_path_ = index;
  try {
    current_->open();
  } catch (...) {
    current_.reset();
    throw;
  }
}

void FilesReader::warn_if_not_replayable() {
  if (!std::exchange(warned_, true) && !current_->regular()) {
    context_.log.warning(
        "source '{}': {} cannot be read again: its data after the checkpoint is lost; going on "
        "with new data",
        plan_.source, current_->origin());
  }
}

FilePosition FilesReader::position() {
  FilePosition position{.finished = finished_,
                        .passes = passes_,
                        .pass_had_bytes = pass_had_bytes_,
                        .path_index = current_ ? current_path_ : next_path_};
  if (position.path_index < plan_.paths.size()) {
    position.path = plan_.paths[position.path_index];
  }
  if (current_) {
    current_->tell(position);
  }
  return position;
}

std::vector<SourcePosition> FilesReader::save(std::uint64_t) {
  const FilePosition at = last_ ? *last_ : resume_ ? *resume_ : position();
  const bool at_start = at.path_index == 0 && at.passes == 0 && !at.inside && !at.finished;
  if (at_start && current_) {
    return {};  // the first path is a pipe, and has no place to go back to
  }
  return {{"0", encode(at)}};
}

void FilesReader::end_stopped() {
  context_.log.info("source '{}': stopped in {} at byte {}", plan_.source, current_->origin(),
                    current_->offset_bytes());
  last_ = position();
  current_.reset();
  finished_ = true;
}

void FilesReader::stop() {
  stopped_ = true;
  if (!current_) {
    if (!last_) {
      last_ = resume_ ? *resume_ : position();
    }
    finished_ = true;
  } else if (current_->starved()) {
    end_stopped();
  }
}

}  // namespace wallaroo::internal
