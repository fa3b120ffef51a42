// For tests: a folder of files, and runs of a file source that reads them.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/file/file_source.hpp"
#include "source/source.rig.hpp"

namespace wallaroo::internal::testing_support {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "file_restore_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string file(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  fs::path path_;
};

/// One run of the source. `merge`: its stream has event time.
struct FileRun {
  explicit FileRun(const FileSourceOptions& options,
                   const std::optional<std::vector<SourcePosition>>& restored = std::nullopt,
                   int executors = 1, bool merge = false)
      : source("lines", options), rig(told(source, merge), executors, true, restored) {}

  static FileSource& told(FileSource& source, bool merge) {
    source.set_event_time(merge);
    return source;
  }

  SourceReader& reader() { return *rig.at(0).reader; }
  std::vector<std::string> to_end() {
    rig.run_until([&] { return reader().finished(); });
    return rig.records();
  }
  /// Delivers `count` more batches, each of which may end anywhere in the bytes that were read.
  void batches(std::size_t count) {
    const std::size_t until = rig.receiver().batches + count;
    rig.receiver().on_batch = [this, until] {
      rig.receiver().is_blocked = rig.receiver().batches >= until;
    };
    rig.run_until([&] { return rig.receiver().is_blocked || reader().finished(); });
    rig.receiver().is_blocked = false;
    rig.receiver().on_batch = nullptr;
  }

  FileSource source;
  SourceRig rig;
};

/// `count` lines with numbers from `first` on.
inline std::string lines(int first, int count) {
  std::string bytes;
  for (int i = first; i < first + count; ++i) {
    bytes += std::to_string(i) + "\n";
  }
  return bytes;
}
inline std::vector<std::string> numbers(int first, int count) {
  std::vector<std::string> records;
  for (int i = first; i < first + count; ++i) {
    records.push_back(std::to_string(i));
  }
  return records;
}

}  // namespace wallaroo::internal::testing_support
