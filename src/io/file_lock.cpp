#include "io/file_lock.hpp"

#include <cerrno>

#include <sys/file.h>

namespace wallaroo::internal {

bool lock_file(int descriptor, bool shared) {
  while (::flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno != EINTR) {
      return errno != EWOULDBLOCK;
    }
  }
  return true;
}

}  // namespace wallaroo::internal
