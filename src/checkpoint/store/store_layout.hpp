// The names and places of files in a checkpoint directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// The names in a checkpoint directory, each with the number of the checkpoint it belongs to. Lists
/// are in descending order. Files with other names are ignored.
class StoreLayout {
 public:
  explicit StoreLayout(std::filesystem::path directory);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path lock() const { return directory_ / "LOCK"; }
  const std::filesystem::path& manifests() const { return manifests_; }
  const std::filesystem::path& data() const { return data_; }
  std::filesystem::path manifest(std::uint64_t number) const;
  /// The manifest before its rename; it stays if the attempt does not come to its end.
  std::filesystem::path temporary_manifest(std::uint64_t number) const;
  std::filesystem::path data_file(std::uint64_t number) const;

  /// These throw IoError if the directory cannot be read.
  std::vector<std::uint64_t> manifest_numbers() const;
  std::vector<std::uint64_t> temporary_manifest_numbers() const;
  std::vector<std::uint64_t> data_numbers() const;
  /// 0 when there are no files.
  std::uint64_t highest_number() const;

 private:
  std::filesystem::path directory_;
  std::filesystem::path manifests_;
  std::filesystem::path data_;
};

/// The number in front of `suffix`. Nothing unless it is written as StoreLayout writes it, with
/// zeros up to 12 digits.
std::optional<std::uint64_t> number_in_name(std::string_view name, std::string_view suffix);

}  // namespace wallaroo::internal
