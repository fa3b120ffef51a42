// Places at which tests make the world fail, and deliberate bugs that the tests have to find.
//
// Both exist only in builds configured with WALLAROO_FAILPOINTS; in other builds they are constants
// and produce no code. Two failpoints surround each step whose failure matters: an error at
// `NAME.before` stands for a step that failed and did nothing, an error at `NAME.after` for one
// that reports a failure although it did its work.
//
// Only .cpp files include this, because the installed headers must not have failpoints.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

// Written by CMake into the build folder.
#include "base/failpoint_config.hpp"

namespace wallaroo::internal {

inline constexpr bool failpoints_enabled = WALLAROO_HAS_FAILPOINTS;

/// Implements `failpoint` and `mutation_selected`. At its first failpoint the process reads these
/// variables of the environment:
///   WALLAROO_FAILPOINTS="store.data.write.before=kill@3;sink.file.fsync.after=error:EIO"
///       what happens at which failpoint, see parse_failpoint_rules
///   WALLAROO_FAILPOINT_LOG=FILE   gets a line `name count` for every hit, also for one that kills
///   WALLAROO_MUTATION=name        the deliberate bug that this process has
/// Every call throws ConfigError when one of them has a value that is not known.
int hit_failpoint(std::string_view name);
bool mutation_selected(std::string_view name);

/// Returns 0, or an errno that the caller must treat like one from the operating system. May sleep
/// or kill the process. Throws std::logic_error for a name that is not in failpoint_names().
inline int failpoint(std::string_view name) {
  if constexpr (failpoints_enabled) {
    return hit_failpoint(name);
  } else {
    return 0;
  }
}

/// True when this process has the deliberate bug. Throws std::logic_error for a name that is not in
/// mutation_names().
inline bool mutation(std::string_view name) {
  if constexpr (failpoints_enabled) {
    return mutation_selected(name);
  } else {
    return false;
  }
}

/// The failpoints of one kind of file or protocol, whose names begin with `group`.
class FailpointGroup {
 public:
  /// `group` must outlive this object; it is meant to be a literal.
  explicit constexpr FailpointGroup(std::string_view group) : group_(group) {}
  int before(std::string_view step) const { return failpoints_enabled ? hit(step, ".before") : 0; }
  int after(std::string_view step) const { return failpoints_enabled ? hit(step, ".after") : 0; }

 private:
  int hit(std::string_view step, std::string_view moment) const;

  std::string_view group_;
};

/// The names of all failpoints and deliberate bugs, in builds with and without them.
const std::vector<std::string_view>& failpoint_names();
const std::vector<std::string_view>& mutation_names();

/// For tests: while it lives, its settings replace those of the environment, and hits are counted
/// from 1 again. Must not be made or destroyed while another thread may hit a failpoint.
class ScopedFailpoints {
 public:
  struct Settings {
    std::string_view rules = {};
    std::string_view mutation = {};
    std::string_view log = {};
  };
  explicit ScopedFailpoints(const Settings& settings);
  ScopedFailpoints(const ScopedFailpoints&) = delete;
  ScopedFailpoints& operator=(const ScopedFailpoints&) = delete;
  ~ScopedFailpoints();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
