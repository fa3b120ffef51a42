// Errors for failures of the user's functions that save and load the entries of a state.
#pragma once

#include <string>

#include "record/describe.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// Throws StageFailure with the message of the present exception. Call inside a catch block.
[[noreturn]] void throw_entry_not_saved(const SavePurpose& place, const std::string& key);
/// Throws StoredError with the message of the present exception. Call inside a catch block. `entry`
/// is "the key" or "the value of key 7".
[[noreturn]] void throw_entry_not_loaded(const std::string& entry);

/// Runs `write`, which may call functions of the user. An exception from them stops the application
/// whatever the policy is, because the record that is being processed is not at fault.
template <class Key, class Write>
void save_entry(const SavePurpose& place, const Key& key, Write&& write) {
  try {
    write();
  } catch (...) {
    throw_entry_not_saved(place, shortened(describe(key)));
  }
}

/// Returns the result of `read`, which may call functions of the user. An exception from them
/// becomes a StoredError.
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
