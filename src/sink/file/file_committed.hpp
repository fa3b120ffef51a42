// The final files of a sink that commits, as its readers see them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sink/file/file_roll.hpp"
#include "sink/file/file_steps.hpp"
#include "sink/file/file_transaction.hpp"

namespace wallaroo::internal {

/// Records that are not committed lie in part files beside the final one, with hidden names that no
/// other run uses. Committing copies them to the end of the final file, at a place that was fixed
/// when they were written, and makes that durable before it removes the part file. So a commit can
/// be done again after a crash at any point: while the part file exists, the result is the same,
/// and once it is gone, the commit was done. A file of a rolled sequence is begun only when the one
/// before it is durable. So a file with a successor needs nothing more, and may have been moved
/// away.
///
/// All calls wait for the disk, and throw IoError. Only one thread at a time may call.
class CommittedFiles {
 public:
  CommittedFiles(std::string who, std::string path);

  const std::string& path() const { return path_; }
  const FileSteps& steps() const { return steps_; }

  /// A new name for a part file, and the path of a part file.
  std::string new_part_name() const;
  std::string part_path(const std::string& name) const { return directory_ + "/" + name; }

  /// Prepares the final files before anything was ever committed. Returns where the output begins.
  /// Unless `append`, removes files of earlier runs. With `rolls`, a file that is not empty is not
  /// continued.
  FileEnd begin(bool append, bool rolls) const;
  /// Makes part files durable; `files` are their names and descriptors.
  void prepare(const std::vector<std::pair<std::string, int>>& files) const;
  /// Finishes a prepared transaction.
  void commit(const FileTransaction& transaction) const;
  /// Undoes everything after the transaction. Call in a new run, after `commit`.
  void cut_back(const FileTransaction& transaction) const;
  /// The files of a rolled sequence that exist. None if its directory does not exist.
  std::vector<std::string> existing_rolled() const;
  bool has_later(std::uint64_t index) const;
  void remove_parts(const std::vector<std::string>& names) const;
  /// Removes the part files of earlier runs. Their contents are committed or given up.
  void remove_stale_parts() const;
  /// Whether another process has one of the part files open, and so uses the same path.
  bool part_in_use() const;

 private:
  using Pieces = std::vector<FilePiece>;

  std::string file(std::uint64_t index) const { return file_of(path_, index); }
  void commit_file(Pieces::const_iterator first, Pieces::const_iterator last,
                   const FileTransaction& transaction) const;
  void require_bytes(std::uint64_t there, const FilePiece& piece,
                     const FileTransaction& transaction) const;
  std::vector<std::uint64_t> rolled_files() const;
  std::vector<std::string> part_names() const;

  FileSteps steps_;
  std::string path_;
  std::string directory_;
  std::string part_prefix_;
};

}  // namespace wallaroo::internal
