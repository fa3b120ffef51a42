// Locks by which only one process at a time writes to a file.
#pragma once

namespace wallaroo::internal {

/// Takes a lock (flock) that is held until the descriptor is closed, at the latest when the process
/// ends. Several holders may have `shared` locks at a time. Returns false when another holder is in
/// the way, and true when the file system knows no locks.
bool lock_file(int descriptor, bool shared);

}  // namespace wallaroo::internal
