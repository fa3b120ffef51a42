#include "source/file/file_merge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file_paths.hpp"

namespace wallaroo::internal {

FileMerge::FileMerge(const FilePlan& plan, const ReaderContext& context)
    : plan_(plan), context_(context), delivery_(plan.framer, context), shares_(plan.shares.size()) {
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    Share& share = shares_[i];
    share.open = open_.end();
    if (plan.shares[i].finished) {
      share.last = encode(plan.shares[i].spot.position.value_or(FilePosition{}));
      continue;
    }
    share.reader = std::make_unique<FileReader>(FileReaderParts{plan_, context_, pool_, delivery_},
                                                plan.shares[i].spot, i);
    share.live = !is_regular_file(plan.shares[i].spot.files.front());
    ++unfinished_;
  }
  finished_ = unfinished_ == 0;
}

void FileMerge::start() {
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    Share& share = shares_[i];
    if (!share.reader) {
      continue;
    }
    if (!share.live) {
      context_.receiver.open_bounded_partition(i);
      continue;
    }
    share.reader->open();
    pipes_.push_back(i);
    context_.receiver.open_partition(i);
    if (plan_.restored) {
      context_.log.warning(
          "source '{}': {} cannot be read again: its data after the checkpoint is lost; going on "
          "with new data",
          plan_.source, share.reader->origin());
    }
  }
}

bool FileMerge::poll() {
  bool worked = false;
  PollBudget budget;
  while (!finished_ && budget.left() && !context_.receiver.blocked()) {
    if (!current_) {
      current_ = choose();
      if (!current_) {
        return worked;
      }
      open(*current_);
    }
    FileReader& reader = *shares_[*current_].reader;
    if (reader.starved() && !reader.at_end() && !stopped_ && !reader.read(budget)) {
      current_.reset();  // a pipe that has nothing now
      continue;
    }
    worked = true;
    reader.deliver(budget);
    if (reader.starved()) {
      leave();
    }
  }
  return worked || !finished_;
}

void FileMerge::leave() {
  const std::size_t share = *std::exchange(current_, std::nullopt);
  FileReader& reader = *shares_[share].reader;
  if (stopped_) {
    finished_ = true;
  } else if (reader.at_end() && !reader.next_file()) {
    end(share);
  }
}

std::optional<std::size_t> FileMerge::choose() {
  const auto pipe = pipe_was_last_ ? std::nullopt : ready_pipe();
  pipe_was_last_ = pipe.has_value();
  if (pipe) {
    return pipe;
  }
  if (const auto behind = context_.receiver.partition_behind();
      behind && *behind < shares_.size() && shares_[*behind].reader) {
    return shares_[*behind].live ? ready_pipe() : std::optional<std::size_t>(*behind);
  }
  for (; first_unfinished_ < shares_.size(); ++first_unfinished_) {
    if (const Share& share = shares_[first_unfinished_]; share.reader && !share.live) {
      return first_unfinished_;
    }
  }
  return ready_pipe();
}

std::optional<std::size_t> FileMerge::ready_pipe() {
  for (std::size_t i = 0; i < pipes_.size(); ++i) {
    if (!shares_[pipes_[i]].reader->waiting()) {
      // The other pipes have their turn first.
      std::rotate(pipes_.begin(), pipes_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  pipes_.end());
      return pipes_.back();
    }
  }
  return std::nullopt;
}

void FileMerge::open(std::size_t index) {
  Share& share = shares_[index];
  if (share.live) {
    return;
  }
  if (share.open != open_.end()) {
    open_.splice(open_.begin(), open_, share.open);
    return;
  }
  if (open_.size() >= max_open_files) {
    close_oldest();
  }
  share.reader->open();
  open_.push_front(index);
  share.open = open_.begin();
}

void FileMerge::close_oldest() {
  Share& oldest = shares_[open_.back()];
  oldest.reader->close();
  oldest.open = open_.end();
  open_.pop_back();
}

void FileMerge::end(std::size_t index) {
  Share& share = shares_[index];
  FilePosition at = position(index);
  at.finished = true;
  share.last = encode(at);
  if (share.open != open_.end()) {
    open_.erase(share.open);
    share.open = open_.end();
  }
  std::erase(pipes_, index);
  share.reader.reset();
  context_.receiver.end_partition(index);
  finished_ = --unfinished_ == 0;
}

FilePosition FileMerge::position(std::size_t index) {
  FilePosition position{.own = true, .path_index = index, .path = plan_.shares[index].spot.path};
  shares_[index].reader->tell(position);
  return position;
}

std::vector<SourcePosition> FileMerge::save(std::uint64_t) {
  std::vector<SourcePosition> positions;
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    Share& share = shares_[i];
    positions.push_back({plan_.shares[i].key, share.reader ? encode(position(i)) : share.last});
  }
  return positions;
}

void FileMerge::stop() {
  stopped_ = true;
  if (!current_) {
    finished_ = true;
  } else if (shares_[*current_].reader->starved()) {
    current_.reset();
    finished_ = true;
  }
}

}  // namespace wallaroo::internal
