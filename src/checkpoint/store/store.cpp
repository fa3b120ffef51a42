#include "checkpoint/store/store.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/check.hpp"
#include "checkpoint/store/data_file.hpp"
#include "checkpoint/store/store_files.hpp"

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

std::vector<CheckpointCandidate> candidates_of(const std::vector<StoredCheckpoint>& all) {
  std::vector<CheckpointCandidate> found;
  for (const StoredCheckpoint& checkpoint : all) {
    found.push_back({checkpoint.number, checkpoint.damage});
  }
  return found;
}

}  // namespace

CheckpointStore::CheckpointStore(const std::filesystem::path& directory, Access access, Log log)
    : layout_(directory), log_(std::move(log)) {
  if (access == Access::write) {
    make_directories();
  } else {
    require_directories();
  }
  refuse_newer_formats();
  if (access == Access::write) {
    remove_failed_attempts();
  }
}

void CheckpointStore::make_directories() {
  make_durably(std::filesystem::absolute(layout_.directory()));
  lock_.emplace(layout_.lock());
  create_directory_durably(layout_.manifests());
  create_directory_durably(layout_.data());
  // A manifest whose publication was interrupted right after its rename counts as complete from now
  // on, so it must be made durable.
  sync_directory(layout_.data(), FailpointGroup("store.data"));
  sync_directory(layout_.manifests(), FailpointGroup("store.manifest"));
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
  for (const std::uint64_t number : layout_.manifest_numbers()) {
    const auto path = layout_.manifest(number);
    if (const auto bytes = read_whole_file(path)) {
      refuse_newer_format(*bytes, quoted(path));
    }
  }
}

void CheckpointStore::remove_failed_attempts() const {
  check(lock_.has_value(), "only the holder of the lock removes files");
  const auto manifests = layout_.manifest_numbers();
  const std::uint64_t newest = manifests.empty() ? 0 : manifests.front();
  const std::uint64_t highest = layout_.highest_number();
  constexpr FailpointGroup steps("store.prune.data");
  for (const std::uint64_t number : layout_.data_numbers()) {
    if (number > newest && number < highest) {
      remove_file(layout_.data_file(number), steps);
    }
  }
  for (const std::uint64_t number : layout_.temporary_manifest_numbers()) {
    if (number < highest) {
      remove_file(layout_.temporary_manifest(number), steps);
    }
  }
}

std::uint64_t CheckpointStore::next_number() const {
  return std::max(begun_, layout_.highest_number()) + 1;
}

Manifest CheckpointStore::read_manifest(std::uint64_t number) const {
  const auto path = layout_.manifest(number);
  const auto bytes = read_whole_file(path);
  if (!bytes) {
    throw IoError(
        fmt::format("there is no checkpoint {} in '{}'; see which there are with "
                    "`wallaroo checkpoints {}`",
                    number, layout_.directory().string(), layout_.directory().string()));
  }
  Manifest manifest = decode_manifest(*bytes, quoted(path));
  if (manifest.number != number) {
    throw DamagedError(fmt::format("{} is damaged: it is the manifest of checkpoint {}",
                                   quoted(path), manifest.number));
  }
  return manifest;
}

void CheckpointStore::check_data_files(const DataNeeds& needs) const {
  for (const auto& [number, size] : needs) {
    const auto path = layout_.data_file(number);
    const std::uint64_t found = check_data_file(path, number);
    if (found < size) {
      throw DamagedError(fmt::format("{} is damaged: it has {} bytes, but must have at least {}",
                                     quoted(path), found, size));
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

std::vector<StoredCheckpoint> CheckpointStore::list() const {
  std::vector<StoredCheckpoint> found;
  for (const std::uint64_t number : layout_.manifest_numbers()) {
    // The process that writes here may remove files in the meantime, the manifest first.
    const auto removed = [&] {
      return !lock_ && !std::filesystem::exists(layout_.manifest(number));
    };
    try {
      found.push_back(look_at(number));
    } catch (const IoError&) {
      if (!removed()) {
        throw;
      }
      continue;
    }
    if (removed()) {
      found.pop_back();
    }
  }
  return found;
}

std::vector<CheckpointCandidate> CheckpointStore::candidates() const {
  return candidates_of(list());
}

std::optional<Manifest> CheckpointStore::latest() const {
  std::vector<StoredCheckpoint> all = list();
  const auto chosen = choose_checkpoint(candidates_of(all));
  if (const auto* refusal = std::get_if<RecoveryRefusal>(&chosen)) {
    throw IoError(
        fmt::format("checkpoints in '{}': {}", layout_.directory().string(), refusal->message));
  }
  const auto& choice = std::get<RecoveryChoice>(chosen);
  for (const CheckpointCandidate& damaged : choice.passed_over) {
    log_.warning("checkpoint {} is passed over: {}", damaged.number, damaged.damage);
  }
  for (StoredCheckpoint& one : all) {
    if (one.number == choice.number) {
      return std::move(one.manifest);
    }
  }
  return std::nullopt;
}

// Removes the newest first, so that a crash leaves a directory as it was at some earlier time.
void CheckpointStore::discard_above(std::uint64_t number) {
  check(lock_.has_value(), "only the holder of the lock removes checkpoints");
  begun_ = std::max(begun_, layout_.highest_number());
  known_.clear();
  constexpr FailpointGroup manifest_steps("store.prune.manifest");
  for (const std::uint64_t later : layout_.manifest_numbers()) {
    if (later > number) {
      log_.warning("checkpoint {} is given up, because the application goes back to checkpoint {}",
                   later, number);
      remove_file(layout_.manifest(later), manifest_steps);
    }
  }
  sync_directory(layout_.manifests(), FailpointGroup("store.prune"));
}

CheckpointWriter CheckpointStore::begin(std::uint64_t number) {
  check(lock_.has_value(), "only the holder of the lock writes checkpoints");
  check(number >= next_number(), "no number is used twice");
  begun_ = number;
  return {layout_, number, log_};
}

std::vector<PartGroup> CheckpointStore::sparse(const Manifest& manifest, double fraction) const {
  std::map<std::uint64_t, std::uint64_t> sizes;
  for (const ManifestBlock& block : manifest.blocks) {
    if (!sizes.contains(block.file)) {
      sizes[block.file] =
          check_data_file(layout_.data_file(block.file), block.file) - data_file_header_bytes;
    }
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
