// Decides when a file sink begins its next file, and how its files are named.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "record/batch.hpp"

namespace wallaroo::internal {

/// The last of a sink's files, and how far it goes.
struct FileEnd {
  std::uint64_t index = 0;    ///< 0: the one file of a sink that does not roll; else from 1
  std::uint64_t bytes = 0;    ///< in that file
  std::int64_t begun_ns = 0;  ///< wall clock, when its first record came

  friend bool operator==(const FileEnd&, const FileEnd&) = default;
};

/// The path of file `index` of the sink that was given `path`.
inline std::string file_of(const std::string& path, std::uint64_t index) {
  return index == 0 ? path : fmt::format("{}.{:06}", path, index);
}

struct RollLimits {
  std::uint64_t bytes = 0;    ///< 0: none
  std::int64_t every_ns = 0;  ///< 0: none

  bool any() const { return bytes != 0 || every_ns != 0; }
};

/// Decides for each record which file it goes to. Pure. A file has at least one record. With more
/// records it never exceeds `limits.bytes`, and it gets none `limits.every_ns` after its first.
class RollPlan {
 public:
  RollPlan(RollLimits limits, FileEnd end) : limits_(limits), end_(end) {}

  const FileEnd& end() const { return end_; }

  /// Gives the batch's records to `put(ByteBatch&)`, in order and in as few batches as the files
  /// allow; before the first record of another file `begin_file()` is called. In `put`, `end`
  /// already includes the batch. Leaves the batch empty.
  template <class Put, class BeginFile>
  void split(ByteBatch& batch, std::int64_t wall_ns, Put put, BeginFile begin_file) {
    std::size_t first = 0;
    while (first < batch.size()) {
      const std::size_t count = fitting(batch, first, wall_ns);
      if (count == 0) {
        end_ = {end_.index + 1, 0, 0};
        begin_file();
      } else if (count == batch.size()) {
        add(batch.bytes.size(), wall_ns);
        put(batch);
        return;
      } else {
        ByteBatch some;
        copy(batch, first, count, some);
        add(some.bytes.size(), wall_ns);
        put(some);
        first += count;
      }
    }
    batch.clear();
  }

 private:
  static std::uint32_t begin_of(const ByteBatch& batch, std::size_t record) {
    return record == 0 ? 0 : batch.ends[record - 1];
  }
  /// How many records, from the first on, the current file takes.
  std::size_t fitting(const ByteBatch& batch, std::size_t first, std::int64_t wall_ns) const {
    const bool empty = end_.bytes == 0;
    if (!empty && limits_.every_ns != 0 && wall_ns - end_.begun_ns >= limits_.every_ns) {
      return 0;
    }
    if (limits_.bytes == 0) {
      return batch.size() - first;
    }
    const std::uint64_t room = limits_.bytes - std::min(limits_.bytes, end_.bytes);
    const auto begin = batch.ends.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = std::upper_bound(begin, batch.ends.end(), begin_of(batch, first) + room);
    return std::max<std::size_t>(static_cast<std::size_t>(end - begin), empty ? 1 : 0);
  }
  static void copy(const ByteBatch& from, std::size_t first, std::size_t count, ByteBatch& to) {
    const std::uint32_t begin = begin_of(from, first);
    to.bytes = from.bytes.substr(begin, from.ends[first + count - 1] - begin);
    to.ends.assign(from.ends.begin() + static_cast<std::ptrdiff_t>(first),
                   from.ends.begin() + static_cast<std::ptrdiff_t>(first + count));
    for (std::uint32_t& end : to.ends) {
      end -= begin;
    }
    to.ingest_ns = from.ingest_ns;
  }
  void add(std::uint64_t bytes, std::int64_t wall_ns) {
    if (end_.bytes == 0) {
      end_.begun_ns = wall_ns;
    }
    end_.bytes += bytes;
  }

  RollLimits limits_;
  FileEnd end_;
};

}  // namespace wallaroo::internal
