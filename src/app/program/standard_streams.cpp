#include "app/program/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace wallaroo::internal {

void reserve_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) < 0) {
      // With O_PATH the descriptor takes the number, but every read and write fails with EBADF, as
      // if it were closed. The path is not a device, because a device could be opened anew through
      // /proc.
      (void)::open("/", O_PATH | O_DIRECTORY);
    }
  }
}

}  // namespace wallaroo::internal
