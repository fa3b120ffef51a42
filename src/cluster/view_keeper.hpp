// Keeps a View of a cluster's keys up to date, by reading them and by watching them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/times.hpp"
#include "cluster/view.hpp"

namespace wallaroo::internal::cluster {

/// What every answer of etcd says besides its content.
struct EtcdHeader {
  std::uint64_t cluster_id = 0;  ///< etcd's own; another one after its data was removed
  std::int64_t revision = 0;     ///< of the whole store
};

/// A key has changed, or is gone.
struct KeyEvent {
  KeyValue key;  ///< of a key that is gone: its name, and the revision as mod_revision
  bool deleted = false;
};

namespace keep {

/// Read all keys below the prefix, linearizably (answer: `on_range`, `on_range_failed`).
struct Range {};
/// Watch all keys below the prefix from this revision on, instead of the watch that there is
/// (answer: `on_events`, `on_watch_ended`).
struct Watch {
  std::int64_t from = 0;
};
/// The newest View. Also given if it is the one before, because somebody has asked for it. No
/// answer.
struct Seen {
  View view;
};
/// etcd is not the one it was: its data was removed, or brought back from a copy. Nothing that this
/// worker knows holds there. The last decision.
struct Wiped {};
/// The keys make no sense. No answer; the caller stops the worker with the message.
struct Broken {
  std::string message;
};

}  // namespace keep

using KeepDecision = std::variant<keep::Range, keep::Watch, keep::Seen, keep::Wiped, keep::Broken>;
using KeepDecisions = std::vector<KeepDecision>;

// clang-format off
/// The client's picture of the keys. At most one Range and one watch are under way.
///
/// | on                                                  | decisions                                |
/// |-----------------------------------------------------|------------------------------------------|
/// | begin, read                                         | Range, unless one is under way           |
/// | range, the first, or after the watch ended          | Seen, Watch from the next revision       |
/// | range that has what the watch did not tell in time  | Seen, Watch: that watch is stalled       |
/// | range besides                                       | Seen                                     |
/// | range of a revision below that known when it began  | Wiped                                    |
/// | range failed                                        | after a pause, 50 ms to 1 s: Range       |
/// | events above the revision                           | Seen                                     |
/// | watch ended, or canceled because of a compaction    | Range                                    |
/// | a header above the revision for 1 s                 | Range                                    |
/// | any answer of another etcd                          | Wiped                                    |
///
/// * Events without a watch, and up to the revision that is known, are ignored. A watch says nothing about changes before
///   its first revision, so after a gap only a Range tells the truth.
/// * After Wiped nothing more is decided.
// clang-format on
class ViewKeeper {
 public:
  explicit ViewKeeper(std::string prefix) : prefix_(std::move(prefix)) {}

  /// A machine wants to see the newest state. Also how it all begins.
  KeepDecisions read();
  KeepDecisions on_range(const EtcdHeader& header, const std::vector<KeyValue>& keys);
  KeepDecisions on_range_failed(std::int64_t now_ns);
  KeepDecisions on_events(const EtcdHeader& header, const std::vector<KeyEvent>& events);
  KeepDecisions on_watch_ended();
  /// The header of any other answer, such as that of a lease that was kept alive.
  KeepDecisions on_header(const EtcdHeader& header, std::int64_t now_ns);
  KeepDecisions on_time(std::int64_t now_ns);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t next_wakeup_ns() const;
  std::int64_t revision() const { return revision_; }
  /// etcd's own id; 0 until it has answered.
  std::uint64_t cluster_id() const { return cluster_id_.value_or(0); }

 private:
  static constexpr std::int64_t least_pause_ns = 50'000'000;
  static constexpr std::int64_t most_pause_ns = 1'000'000'000;
  static constexpr std::int64_t stalled_ns = 1'000'000'000;

  bool is_another(const EtcdHeader& header);
  KeepDecisions seen() const;

  std::string prefix_;
  std::map<std::string, KeyValue> keys_;
  std::optional<std::uint64_t> cluster_id_;
  std::int64_t revision_ = 0;
  std::int64_t heard_revision_ = 0;  ///< the highest in any header
  bool ranging_ = false;
  std::int64_t ranged_from_ = 0;  ///< the revision known when the Range began
  bool watching_ = false;
  bool suspicious_ = false;  ///< the watch may be stalled
  bool wiped_ = false;
  std::int64_t pause_ns_ = least_pause_ns;
  std::int64_t range_at_ns_ = end_of_time;
  std::int64_t behind_since_ns_ = end_of_time;
};

}  // namespace wallaroo::internal::cluster
