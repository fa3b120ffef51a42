// The least that every streaming program must do: blocks in epoll, reads the available bytes and
// writes them on, without looking at them.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include "limits/sockets.hpp"

namespace wallaroo::bench {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

void run(const Addresses& addresses) {
  const int listener = listen_on(addresses.listen);
  const int out = connect_to(addresses.out);
  std::array<char, kBufferBytes> buffer;
  serve(listener, [&](int fd) {
    for (;;) {
      const ssize_t size = read(fd, buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return true;
      if (size < 0) throw std::system_error(errno, std::generic_category(), "read");
      if (size == 0) return false;
      write_all(out, buffer.data(), static_cast<std::size_t>(size));
      if (static_cast<std::size_t>(size) < buffer.size()) return true;
    }
  });
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_server(argc, argv, "a plain echo hop over TCP", wallaroo::bench::run);
}
