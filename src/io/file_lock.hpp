// One process at a time writes to a file.
#pragma once

namespace wallaroo::internal {

/// Holds a lock (flock) until the descriptor is closed, which the kernel does when the process
/// ends. False when somebody else holds one; `shared` ones are held by several. True where the file
/// system knows no locks.
bool lock_file(int descriptor, bool shared);

}  // namespace wallaroo::internal
