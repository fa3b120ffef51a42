// Records that stages refused, grouped.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/refused_record.hpp"

namespace wallaroo::internal {

/// A message in which each number is replaced by '#', so that messages about different records are
/// equal.
std::string without_numbers(std::string_view message);

/// Keeps 200 groups of records with the same stage, kind and message, and forgets the one that has
/// not grown for longest. All methods may be called from any thread.
class ErrorGroups {
 public:
  static constexpr std::size_t most_kept = 200;
  static constexpr std::size_t most_text = 400;  ///< bytes of a message or a record

  explicit ErrorGroups(bool show_records) : show_records_(show_records) {}

  /// `time` is Unix time in seconds.
  void add(const RefusedRecord& refused, double time);
  /// A counter of records without messages of their own, such as late ones, is at `total` now.
  void count(const RefusedRecord& refused, std::uint64_t total, double time);

  /// Returns the number of the stage's node, or -1.
  using FindNode = std::function<int(std::string_view stage)>;
  /// The document of /api/v1/errors.
  std::string render(std::string_view plan_id, std::string_view worker,
                     const FindNode& find_node) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  ///< stage, kind, message
  struct Group {
    std::uint64_t seq = 0;
    std::uint64_t count = 0;
    double first = 0;
    double last = 0;
    std::string message;
    std::string policy;
    std::string origin;
    std::string excerpt;
  };

  void grow(const RefusedRecord& refused, Group& group, std::uint64_t by, double time);
  static Key key_of(const RefusedRecord& refused);
  Group& group_of(const RefusedRecord& refused);
  void forget_oldest();

  const bool show_records_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::map<Key, Group> groups_;
  std::map<Key, std::uint64_t> counters_;  ///< of `count`: where each was; groups may be forgotten
  std::uint64_t total_ = 0;
};

}  // namespace wallaroo::internal
