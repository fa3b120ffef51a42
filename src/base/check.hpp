// Invariants that stay checked in release builds.
#pragma once

namespace wallaroo::internal {

/// Throws std::logic_error naming the invariant and the place. An executor that meets it stops the
/// application with an error: a broken invariant must not corrupt results silently.
[[noreturn]] void invariant_broken(const char* invariant, const char* file, int line);

inline void check(bool holds, const char* invariant, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!holds) [[unlikely]] {
    invariant_broken(invariant, file, line);
  }
}

}  // namespace wallaroo::internal
