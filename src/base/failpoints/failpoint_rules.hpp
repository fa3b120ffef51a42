// Rules that say what happens at which hit of a failpoint.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::internal {

struct FailpointRule {
  enum class Action { kill, error, delay };

  std::string name;
  Action action = Action::kill;
  int error = 0;                       ///< the errno of Action::error
  std::chrono::microseconds delay{0};  ///< of Action::delay
  std::uint64_t first = 1;             ///< the first hit it applies to; hits are counted from 1
  std::uint64_t last = UINT64_MAX;     ///< the last hit it applies to
  std::uint64_t every = 1;             ///< applies only to hits that are a multiple of this

  bool applies(std::uint64_t hit) const { return hit >= first && hit <= last && hit % every == 0; }
};

/// Parses rules that are separated by ';':
///
///     rule    = NAME "=" action [ "@" hits | "%" n ]
///     action  = "kill" | "error:" ERRNO | "delay:" n ( "us" | "ms" | "s" )
///     hits    = n                only the n-th hit
///             | n "-"            the n-th and all later ones
///             | n "-" m          the n-th to the m-th
///
/// "%" n is every n-th hit; without either it is every hit. ERRNO is one of ENOSPC, EIO, EDQUOT,
/// EACCES, EROFS, EMFILE, ENOENT, EINTR, ECONNRESET, EPIPE, ETIMEDOUT. Throws ConfigError for
/// anything else, and for a NAME that failpoint_names() does not have.
std::vector<FailpointRule> parse_failpoint_rules(std::string_view text);

}  // namespace wallaroo::internal
