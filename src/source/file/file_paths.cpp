#include "source/file/file_paths.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file_input.hpp"

namespace wallaroo::internal {
namespace {

bool look_at(const std::string& path, struct stat& status) {
  return path == standard_input_path ? ::fstat(STDIN_FILENO, &status) == 0
                                     : ::stat(path.c_str(), &status) == 0;
}

bool is_pattern(const std::string& path) {
  struct stat status {};
  return path.find_first_of("*?[") != path.npos && !look_at(path, status);
}

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  // Sorted by bytes, whatever the locale is: the order must be the same in every run.
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The files that are in the list, by device and inode.
class Listed {
 public:
  /// Returns false if the file was there already.
  bool add(const struct stat& status) {
    return files_.emplace(status.st_dev, status.st_ino).second;
  }

 private:
  std::set<std::pair<std::uint64_t, std::uint64_t>> files_;
};

}  // namespace

std::vector<std::string> expand_patterns(const std::vector<std::string>& paths) {
  std::vector<std::string> expanded;
  Listed listed;
  struct stat status {};
  for (const std::string& path : paths) {
    if (!is_pattern(path) && look_at(path, status)) {
      (void)listed.add(status);
    }
  }
  for (const std::string& path : paths) {
    if (!is_pattern(path)) {
      expanded.push_back(path);
      continue;
    }
    bool matched = false;
    for (const std::string& match : matches(path)) {
      if (look_at(match, status) && !S_ISDIR(status.st_mode)) {
        matched = true;
        if (listed.add(status)) {
          expanded.push_back(match);
        }
      }
    }
    if (!matched) {
      throw ConfigError(fmt::format("no file matches '{}'", path));
    }
  }
  return expanded;
}

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return look_at(path, status) && S_ISREG(status.st_mode);
}

}  // namespace wallaroo::internal
