// The names of the files in a checkpoint directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/files/checkpoint_files.hpp"
#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

inline constexpr const char* manifest_folder = "manifests";
inline constexpr const char* data_folder = "data";

/// "manifests/000000000042.manifest": a checkpoint, or the file that makes the number 42 void.
std::string manifest_name(std::uint64_t number);
/// "data/000000000042.data"; of a cluster "data/000000000042-GENERATION-MEMBER.data".
std::string data_name(const DataFileId& file);

/// These read names as the functions above write them, and nothing else.
std::optional<std::uint64_t> number_of_manifest(std::string_view name);
std::optional<DataFileId> data_file_of(std::string_view name);
/// The number of a manifest during whose creation a process died.
std::optional<std::uint64_t> number_of_leftover(std::string_view name);

/// The numbers in descending order. Files with other names are ignored.
std::vector<std::uint64_t> list_manifests(CheckpointFiles& files);
std::vector<DataFileId> list_data(CheckpointFiles& files);
struct Leftover {
  std::uint64_t number = 0;
  std::string name;
};
std::vector<Leftover> list_leftovers(CheckpointFiles& files);
/// The highest number that any file bears; 0 when there are no files.
std::uint64_t highest_number(CheckpointFiles& files);

/// The same files as paths in a directory.
class StoreLayout {
 public:
  explicit StoreLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path lock() const { return directory_ / "LOCK"; }
  std::filesystem::path manifests() const { return directory_ / manifest_folder; }
  std::filesystem::path data() const { return directory_ / data_folder; }
  std::filesystem::path manifest(std::uint64_t number) const {
    return directory_ / manifest_name(number);
  }
  std::filesystem::path data_file(std::uint64_t number) const {
    return directory_ / data_name({number});
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace wallaroo::internal
