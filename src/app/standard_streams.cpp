#include "app/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace wallaroo::internal {

void reserve_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) < 0) {
      // O_PATH: it takes the number, but every read and write fails with EBADF, as if it were
      // closed. Not of a device, which could be opened anew through /proc.
      (void)::open("/", O_PATH | O_DIRECTORY);
    }
  }
}

}  // namespace wallaroo::internal
