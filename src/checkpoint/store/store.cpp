#include "checkpoint/store/store.hpp"

#include <algorithm>
#include <random>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/check.hpp"
#include "checkpoint/files/directory_files.hpp"
#include "checkpoint/files/void_file.hpp"
#include "checkpoint/store/data_file.hpp"
#include "io/durable_file.hpp"

namespace wallaroo::internal {

namespace {

/// Makes the directory and those above it. The path may end in a slash.
void make_durably(const std::filesystem::path& directory) {
  const auto parent = directory.parent_path();
  if (std::error_code error; parent != directory && !std::filesystem::exists(parent, error)) {
    make_durably(parent);
  }
  if (directory.has_filename()) {
    create_directory_durably(directory);
  } else if (parent != directory) {
    make_durably(parent);
  }
}

/// Returns 64 bits that no other process has.
std::uint64_t random_bits() {
  std::random_device random;  // reads the kernel's random numbers
  return std::uint64_t{random()} << 32 | random();
}

}  // namespace

CheckpointStore::CheckpointStore(const std::filesystem::path& directory, Access access, Log log)
    : layout_(directory),
      log_(std::move(log)),
      files_(std::make_shared<DirectoryFiles>(directory)),
      writer_(random_bits()) {
  if (access == Access::read) {
    require_directories();
  } else {
    make_directories(access == Access::share ? StoreLock::Mode::shared
                                             : StoreLock::Mode::exclusive);
  }
  refuse_newer_formats();
  if (access == Access::write) {
    remove_failed_attempts();
  }
}

void CheckpointStore::make_directories(StoreLock::Mode mode) {
  make_durably(std::filesystem::absolute(layout_.directory()));
  lock_.emplace(layout_.lock(), mode);
  create_directory_durably(layout_.manifests());
  create_directory_durably(layout_.data());
  // A manifest whose publication was interrupted right after it got its name counts as complete
  // from now on, so it must be made durable.
  files_->settle(data_folder);
  files_->settle(manifest_folder);
}

void CheckpointStore::require_directories() const {
  for (const auto& directory : {layout_.manifests(), layout_.data()}) {
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) {
      throw IoError(
          fmt::format("'{}' is not a checkpoint directory: '{}' does not exist or cannot be read; "
                      "give the directory that the application was started with",
                      layout_.directory().string(), directory.string()));
    }
  }
}

void CheckpointStore::refuse_newer_formats() const {
  for (const std::uint64_t number : list_manifests(*files_)) {
    const std::string name = manifest_name(number);
    if (const auto bytes = read_whole(*files_, name)) {
      refuse_newer_format(*bytes, files_->shown(name));
    }
  }
}

void CheckpointStore::remove_failed_attempts() const {
  check(lock_.has_value(), "only the holder of the lock removes files");
  const auto manifests = list_manifests(*files_);
  const std::uint64_t newest = manifests.empty() ? 0 : manifests.front();
  const std::uint64_t highest = highest_number(*files_);
  std::vector<std::string> failed;
  for (const DataFileId& file : list_data(*files_)) {
    if (file.number > newest && file.number < highest) {
      failed.push_back(data_name(file));
    }
  }
  files_->remove(failed);
  remove_leftovers_below(highest);
}

void CheckpointStore::remove_leftovers_below(std::uint64_t number) const {
  std::vector<std::string> old;
  for (const Leftover& leftover : list_leftovers(*files_)) {
    if (leftover.number < number) {
      old.push_back(leftover.name);
    }
  }
  files_->remove(old);
}

std::uint64_t CheckpointStore::next_number() const {
  return std::max(begun_, highest_number(*files_)) + 1;
}

Manifest CheckpointStore::read_manifest(std::uint64_t number) const {
  const std::string name = manifest_name(number);
  const auto bytes = read_whole(*files_, name);
  if (!bytes) {
    throw IoError(
        fmt::format("there is no checkpoint {} in '{}'; see which there are with "
                    "`wallaroo checkpoints {}`",
                    number, layout_.directory().string(), layout_.directory().string()));
  }
  if (const auto reason = void_text(*bytes)) {
    throw VoidError(
        fmt::format("there is no checkpoint {} in '{}', and never will be: {}; see "
                    "which there are with `wallaroo checkpoints {}`",
                    number, layout_.directory().string(), *reason, layout_.directory().string()),
        *reason);
  }
  Manifest manifest = decode_manifest(*bytes, files_->shown(name));
  if (manifest.number != number) {
    throw DamagedError(fmt::format("{} is damaged: it is the manifest of checkpoint {}",
                                   files_->shown(name), manifest.number));
  }
  return manifest;
}

void CheckpointStore::check_data_files(const DataNeeds& needs) const {
  for (const auto& [file, size] : needs) {
    const std::uint64_t found = check_data_file(*files_, file);
    if (found < size) {
      throw DamagedError(fmt::format("{} is damaged: it has {} bytes, but must have at least {}",
                                     files_->shown(data_name(file)), found, size));
    }
  }
}

Manifest CheckpointStore::load(std::uint64_t number) const {
  Manifest manifest = read_manifest(number);
  check_data_files(data_needs(manifest));
  return manifest;
}

StoredCheckpoint CheckpointStore::look_at(std::uint64_t number) const {
  StoredCheckpoint found{number, {}, {}};
  try {
    found.manifest = read_manifest(number);
    check_data_files(data_needs(found.manifest));
  } catch (const DamagedError& error) {
    found.damage = error.what();
  }
  return found;
}

CheckpointStore::Found CheckpointStore::look() const {
  Found found;
  for (const std::uint64_t number : list_manifests(*files_)) {
    // The process that writes here may remove files in the meantime, the manifest first.
    const auto removed = [&] { return !lock_ && !files_->find(manifest_name(number)); };
    try {
      found.checkpoints.push_back(look_at(number));
    } catch (const VoidError& error) {
      found.voids.push_back({number, error.reason});
      continue;
    } catch (const IoError&) {
      if (!removed()) {
        throw;
      }
      continue;
    }
    if (removed()) {
      found.checkpoints.pop_back();
    }
  }
  return found;
}

std::vector<CheckpointCandidate> CheckpointStore::Found::candidates() const {
  std::vector<CheckpointCandidate> all;
  for (const StoredCheckpoint& checkpoint : checkpoints) {
    all.push_back({checkpoint.number, checkpoint.damage, false});
  }
  for (const VoidNumber& one : voids) {
    all.push_back({one.number, {}, true});
  }
  return all;
}

std::optional<Manifest> CheckpointStore::latest() const {
  Found all = look();
  const auto chosen = choose_checkpoint(all.candidates());
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&chosen)) {
    throw IoError(
        fmt::format("checkpoints in '{}': {}", layout_.directory().string(), refusal->message));
  }
  const auto& choice = std::get<RecoveryChoice>(chosen);
  for (const CheckpointCandidate& damaged : choice.passed_over) {
    log_.warning("checkpoint {} is passed over: {}", damaged.number, damaged.damage);
  }
  for (StoredCheckpoint& one : all.checkpoints) {
    if (one.number == choice.number) {
      return std::move(one.manifest);
    }
  }
  return std::nullopt;
}

// Removes the newest first, so that a crash leaves a directory as it was at some earlier time.
void CheckpointStore::discard_above(std::uint64_t number) {
  check(lock_.has_value(), "only the holder of the lock removes checkpoints");
  begun_ = std::max(begun_, highest_number(*files_));
  known_.clear();
  std::vector<std::string> discarded;
  for (const StoredCheckpoint& later : list()) {
    if (later.number > number) {
      log_.warning("checkpoint {} is given up, because the application goes back to checkpoint {}",
                   later.number, number);
      discarded.push_back(manifest_name(later.number));
    }
  }
  files_->remove(discarded);
}

CheckpointWriter CheckpointStore::begin(std::uint64_t number) {
  check(lock_.has_value(), "only the holder of the lock writes checkpoints");
  check(number >= next_number(), "no number is used twice");
  begun_ = number;
  return {files_, number, writer_, log_};
}

StateFile CheckpointStore::begin_state(const DataFileId& id) {
  check(lock_.has_value(), "only the holder of the lock writes checkpoints");
  check(id.generation != 0 || id.number > begun_, "no number is used twice");
  if (id.generation == 0 && id.number <= highest_number(*files_)) {
    throw IoError(fmt::format(
        "checkpoint {} cannot begin, because '{}' has files of that number or a higher one: "
        "another "
        "process writes to this directory; stop that one, or give this one a directory of its own",
        id.number, layout_.directory().string()));
  }
  begun_ = std::max(begun_, id.number);
  return {files_, id, log_};
}

std::vector<PartGroup> CheckpointStore::sparse(const Manifest& manifest, double fraction) const {
  std::vector<std::uint64_t> sizes;
  for (const ManifestFile& file : manifest.files) {
    const std::uint64_t bytes = file.bytes != 0 ? file.bytes : check_data_file(*files_, file.id());
    sizes.push_back(bytes - data_file_header_bytes(file.id()));
  }
  return sparse_places(manifest, sizes, fraction);
}

std::vector<std::string> CheckpointStore::damaged_blocks(const Manifest& manifest) const {
  std::vector<std::string> problems;
  const CheckpointReader blocks = reader(manifest);
  for (std::size_t i = 0; i < manifest.blocks.size(); ++i) {
    try {
      blocks.block(i);
    } catch (const DamagedError& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

}  // namespace wallaroo::internal
