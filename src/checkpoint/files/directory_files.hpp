// Files of checkpoints in a directory, on a local file system or on one that several machines
// share.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/files/checkpoint_files.hpp"

namespace wallaroo::internal {

class DirectoryFiles final : public CheckpointFiles {
 public:
  explicit DirectoryFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// Makes the directory and these folders in it. Throws IoError.
  DirectoryFiles(std::filesystem::path directory, const std::vector<std::string>& folders);

  bool create(const std::string& name, std::string_view bytes) override;
  std::unique_ptr<AppendedFile> append(const std::string& name) override;
  std::string read(const std::string& name, std::uint64_t offset, std::uint64_t bytes) override;
  std::optional<FoundFile> find(const std::string& name) override;
  std::vector<FoundFile> list(const std::string& folder) override;
  std::vector<std::string> leftovers(const std::string& folder) override;
  void settle(const std::string& folder) override;
  void remove(const std::vector<std::string>& names) override;
  /// False on file systems without hard links.
  bool fences() override;
  std::string shown(const std::string& name) const override;

 private:
  std::filesystem::path directory_;
};

}  // namespace wallaroo::internal
