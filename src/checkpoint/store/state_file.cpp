#include "checkpoint/store/state_file.hpp"

#include <exception>
#include <utility>

#include "base/check.hpp"
#include "base/failpoint.hpp"

namespace wallaroo::internal {

StateFile::StateFile(std::shared_ptr<CheckpointFiles> files, const DataFileId& id, Log log)
    : files_(std::move(files)), id_(id), log_(std::move(log)) {
  data_.emplace(*files_, id_);
  written_bytes_ = data_->size();
}

StateFile::StateFile(StateFile&& other) noexcept
    : files_(std::move(other.files_)),
      id_(other.id_),
      log_(std::move(other.log_)),
      data_(std::exchange(other.data_, std::nullopt)),
      blocks_(std::move(other.blocks_)),
      sections_(std::move(other.sections_)),
      written_bytes_(other.written_bytes_) {}

void StateFile::append(const StateBlock& block) {
  check(data_.has_value(), "a checkpoint that is over gets no more state");
  for (const ManifestSection& section : block.sections) {
    check(std::uint64_t{section.offset} + section.length <= block.bytes.size(),
          "a section lies in its block");
  }
  if (block.bytes.empty()) {
    return;
  }
  const auto index = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(data_->append(block.bytes));
  written_bytes_ = data_->size();
  for (ManifestSection section : block.sections) {
    section.block = index;
    sections_.push_back(section);
  }
}

SavedState StateFile::finish() {
  check(data_.has_value(), "a checkpoint that is over is not made durable");
  if (!mutation("skip_data_fsync_barrier")) {
    data_->finish();
  }
  data_.reset();
  return {{id_.number, id_.generation, id_.member, written_bytes_},
          std::move(blocks_),
          std::move(sections_)};
}

void StateFile::abandon() noexcept {
  if (!data_) {
    return;
  }
  try {
    data_->give_up();
  } catch (const std::exception& error) {
    // The file is removed when the directory is opened the next time.
    log_.warning("checkpoint {} was abandoned, but its data file remains: {}", id_.number,
                 error.what());
  }
  data_.reset();
}

}  // namespace wallaroo::internal
