#include "source/file/file_restore.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "io/file_id.hpp"
#include "source/file/file_rotation.hpp"

namespace wallaroo::internal {
namespace {

[[noreturn]] void refuse_paths(const FilePlan& plan, const FilePosition& position) {
  throw ConfigError(fmt::format(
      "the checkpoint was taken at file {} of its paths, {}, and these are other paths: {}; give "
      "the same ones (more may follow), or start anew with another directory for checkpoints",
      position.path_index + 1, position.path.empty() ? "behind the last one" : position.path,
      fmt::join(plan.paths, ", ")));
}

FileSpot locate(const FilePlan& plan, const FilePosition& position) {
  if (!position.inside) {
    return {position.path, {position.path}};
  }
  FoundFile found = find_file(position, plan.paths);
  FileSpot spot{position.path, {std::move(found.path)}, position};
  spot.files.insert(spot.files.end(), found.followers.begin(), found.followers.end());
  return spot;
}

/// Files that have an owner already, so that none is read twice under two names.
class Owned {
 public:
  /// Returns false if the file has an owner already.
  bool add(const std::string& path) {
    const auto found = find_file_id(path);
    return !found || found->kind != FileKind::regular || files_.insert(found->place).second;
  }
  bool has(const std::string& path) const {
    const auto found = find_file_id(path);
    return found && files_.contains(found->place);
  }

 private:
  std::set<FileId> files_;
};

/// The indexes of the plan's paths that lead to one of the files of a spot.
std::set<std::size_t> leading_to(const FilePlan& plan, const std::vector<std::string>& files) {
  Owned owned;
  for (const std::string& file : files) {
    (void)owned.add(file);
  }
  std::set<std::size_t> leading;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    if (owned.has(plan.paths[i])) {
      leading.insert(i);
    }
  }
  return leading;
}

/// The index of the position's path among the paths now. As many other paths as before must be in
/// front of it. A path does not count if it leads to the file itself, under a name that log
/// rotation gave it.
std::size_t index_of(const FilePlan& plan, const FilePosition& position) {
  if (position.path.empty()) {
    return position.path_index <= plan.paths.size() ? position.path_index : plan.paths.size() + 1;
  }
  std::size_t others = 0;
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    if (plan.paths[i] == position.path && others == position.path_index) {
      return i;
    }
    others += plan.in_spot.contains(i) ? 0 : 1;
  }
  return plan.paths.size() + 1;
}

/// Restores a source that read its files one after the other: files before the position are done.
void restore_sequence(FilePlan& plan, FilePosition position) {
  FileSpot spot;
  if (!position.finished) {
    const bool known = position.path.empty() ||
                       std::count(plan.paths.begin(), plan.paths.end(), position.path) > 0;
    if (!known) {
      refuse_paths(plan, position);
    }
    if (position.inside) {
      spot = locate(plan, position);
      plan.in_spot = spot.files.size() > 1 ? leading_to(plan, spot.files) : plan.in_spot;
    }
    const std::size_t index = index_of(plan, position);
    if (index > plan.paths.size()) {
      refuse_paths(plan, position);
    }
    position.path_index = index;
  }
  if (!plan.merge) {
    plan.resume = position;
    plan.resume_spot = std::move(spot);
    return;
  }
  for (std::size_t i = 0; i < plan.shares.size(); ++i) {
    FileShare& share = plan.shares[i];
    if (i == position.path_index && position.inside && !position.finished) {
      share.spot = spot;
      continue;
    }
    share.finished = position.finished || i < position.path_index || plan.in_spot.contains(i);
    if (share.finished) {
      share.spot.position = FilePosition{.finished = true, .own = true, .path = share.spot.path};
    }
  }
}

[[noreturn]] void refuse_missing(const FilePlan& plan, const FilePosition& position) {
  throw ConfigError(fmt::format(
      "the checkpoint was taken at byte {} of {} (behind record {}), which is not among its paths "
      "any more: {}; give it too, or start anew with another directory for checkpoints",
      position.offset_bytes, position.path, position.records, fmt::join(plan.paths, ", ")));
}

std::map<FileId, std::string> by_place(const std::vector<std::string>& paths) {
  std::map<FileId, std::string> all;
  for (const std::string& path : paths) {
    if (const auto found = find_file_id(path)) {
      all.emplace(found->place, path);
    }
  }
  return all;
}

/// Restores a source that read its files side by side: each file has a position of its own.
void restore_shares(FilePlan& plan, std::map<std::string, FilePosition> saved) {
  Owned owned;
  const std::map<FileId, std::string> paths = by_place(plan.paths);
  std::map<std::string, FileShare*> by_key;
  for (FileShare& share : plan.shares) {
    by_key[share.key] = &share;
  }
  for (const auto& [key, position] : saved) {
    const auto share = by_key.find(key);
    if (position.finished) {
      // The file may have been renamed since, and be found by a pattern.
      const auto now =
          paths.find({.device = position.identity.device, .inode = position.identity.inode});
      if (now != paths.end() && is_file_of(now->second, position)) {
        (void)owned.add(now->second);
      }
      if (share != by_key.end()) {
        share->second->finished = true;
        share->second->spot.position = position;
      }
    } else if (share == by_key.end()) {
      refuse_missing(plan, position);
    } else {
      share->second->spot = locate(plan, position);
      (void)owned.add(share->second->spot.files.front());
    }
  }
  for (const auto& [key, position] : saved) {
    if (const auto share = by_key.find(key); share != by_key.end() && !position.finished) {
      auto& files = share->second->spot.files;
      files.erase(std::remove_if(files.begin() + 1, files.end(),
                                 [&](const std::string& path) { return !owned.add(path); }),
                  files.end());
    }
  }
  // A new path is read from its beginning, unless it is another name of an owned file.
  std::erase_if(plan.shares, [&](const FileShare& share) {
    return !saved.contains(share.key) && !owned.add(share.spot.path);
  });
}

}  // namespace

void begin_shares(FilePlan& plan) {
  plan.shares.clear();
  std::map<std::string, int> times;
  for (const std::string& path : plan.merge ? plan.paths : std::vector<std::string>{}) {
    const int time = ++times[path];
    plan.shares.push_back({time == 1 ? path : fmt::format("{} ({})", path, time), {path, {path}}});
  }
}

void restore_files(FilePlan& plan, const std::vector<SourcePosition>& positions) {
  plan.restored = true;
  std::map<std::string, FilePosition> saved;
  for (const SourcePosition& each : positions) {
    saved.emplace(each.partition, decode_file_position(each.bytes));
  }
  if (saved.empty()) {
    return;
  }
  if (!saved.begin()->second.own) {
    restore_sequence(plan, saved.begin()->second);
    return;
  }
  if (!plan.merge) {
    if (plan.repeat != 1 || !plan.event_time || plan.in_order) {
      throw ConfigError(
          "the checkpoint was taken while its files were read side by side, by their event times, "
          "and now they are read one after the other; give the stream its event_time, and repeat "
          "and in_order as they were, or start anew with another directory for checkpoints");
    }
    plan.merge = true;
    begin_shares(plan);
  }
  restore_shares(plan, std::move(saved));
}

}  // namespace wallaroo::internal
