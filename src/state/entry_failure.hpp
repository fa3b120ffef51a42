// Failures of a user's functions that save and load the entries of a state.
#pragma once

#include <string>

#include "record/describe.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// Call inside of a catch block. Throws StageFailure with what the exception says.
[[noreturn]] void throw_entry_not_saved(const SavePlace& place, const std::string& key);
/// Call inside of a catch block. Throws StoredError with what the exception says. `entry` is "the
/// key" or "the value of key 7".
[[noreturn]] void throw_entry_not_loaded(const std::string& entry);

/// Runs `write`, which may call functions of the user's. What they throw stops the application: a
/// state that cannot be saved is no fault of the record that is being processed.
template <class Key, class Write>
void save_entry(const SavePlace& place, const Key& key, Write&& write) {
  try {
    write();
  } catch (...) {
    throw_entry_not_saved(place, shortened(describe(key)));
  }
}

/// Returns what `read` returns, which may call functions of the user's.
template <class Read>
auto load_key(Read&& read) {
  try {
    return read();
  } catch (...) {
    throw_entry_not_loaded("a key");
  }
}
template <class Key, class Read>
auto load_value(const Key& key, Read&& read) {
  try {
    return read();
  } catch (...) {
    throw_entry_not_loaded("the value of key " + shortened(describe(key)));
  }
}

}  // namespace wallaroo::internal
