// Places at which tests make the world fail, and deliberate bugs that the tests have to find.
//
// Both exist only in builds configured with WALLAROO_FAILPOINTS; in others they are constants and
// leave nothing behind. A step whose failure matters is surrounded by two of them, `NAME.before`
// and `NAME.after`: an error in front of a step is one that did nothing, an error behind it is one
// that did its work all the same.
//
// Only .cpp files include this: the engine as installed has no failpoints.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

// Written by CMake into the build folder.
#include "base/failpoint_config.hpp"

namespace wallaroo::internal {

inline constexpr bool failpoints_enabled = WALLAROO_HAS_FAILPOINTS;

/// Of the variables of the environment that the process reads at the first failpoint:
///   WALLAROO_FAILPOINTS="store.data.write.before=kill@3;sink.file.fsync.after=error:EIO"
///       what happens where, see FailpointRules
///   WALLAROO_FAILPOINT_LOG=FILE   gets a line `name count` for every hit, also of one that kills
///   WALLAROO_MUTATION=name        the deliberate bug that this process has
/// Anything unknown in them throws ConfigError, at every failpoint.
int hit_failpoint(std::string_view name);
bool mutation_selected(std::string_view name);

/// 0, or the errno that the caller treats as if the system had said it. May sleep or kill the
/// process. A name that is not in failpoint_names() throws std::logic_error.
inline int failpoint(std::string_view name) {
  if constexpr (failpoints_enabled) {
    return hit_failpoint(name);
  } else {
    return 0;
  }
}

/// Whether this process has the deliberate bug. A name that is not in mutation_names() throws
/// std::logic_error.
inline bool mutation(std::string_view name) {
  if constexpr (failpoints_enabled) {
    return mutation_selected(name);
  } else {
    return false;
  }
}

/// The steps of one kind of file or protocol: `group` is the beginning of its failpoints' names.
class FailpointGroup {
 public:
  /// `group` must outlive this; it is meant to be a literal.
  explicit constexpr FailpointGroup(std::string_view group) : group_(group) {}
  int before(std::string_view step) const { return failpoints_enabled ? hit(step, ".before") : 0; }
  int after(std::string_view step) const { return failpoints_enabled ? hit(step, ".after") : 0; }

 private:
  int hit(std::string_view step, std::string_view moment) const;

  std::string_view group_;
};

/// All that can be hit, in builds of either kind.
const std::vector<std::string_view>& failpoint_names();
const std::vector<std::string_view>& mutation_names();

/// For tests: while it lives, this holds in place of the environment's. Counting begins anew. Not
/// to be made or destroyed while another thread may hit a failpoint.
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
