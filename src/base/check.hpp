// Invariants that stay checked in release builds.
#pragma once

#include <source_location>

namespace wallaroo::internal {

/// Throws std::logic_error naming the invariant and the place. An executor that meets it stops the
/// application with an error: a broken invariant must not corrupt results silently.
[[noreturn]] void invariant_broken(const char* invariant, std::source_location where);

inline void check(bool holds, const char* invariant,
                  std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    invariant_broken(invariant, where);
  }
}

}  // namespace wallaroo::internal
