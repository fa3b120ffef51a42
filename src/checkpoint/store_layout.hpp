// Where things are in a checkpoint directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

/// The names in a checkpoint directory, each with the number of the checkpoint it belongs to.
/// Descending lists; what has other names is not seen.
class StoreLayout {
 public:
  explicit StoreLayout(std::filesystem::path directory);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path lock() const { return directory_ / "LOCK"; }
  const std::filesystem::path& manifests() const { return manifests_; }
  const std::filesystem::path& data() const { return data_; }
  std::filesystem::path manifest(std::uint64_t number) const;
  /// Of an attempt that did not come to its end.
  std::filesystem::path temporary_manifest(std::uint64_t number) const;
  std::filesystem::path data_file(std::uint64_t number) const;

  /// Throw IoError when the system does not let us see the directory.
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

/// The number in front of `suffix`, in the one way in which it is written: at least 12 digits.
std::optional<std::uint64_t> number_in_name(std::string_view name, std::string_view suffix);

}  // namespace wallaroo::internal
