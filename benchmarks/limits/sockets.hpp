// The few socket calls of the hand-written servers.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace wallaroo::bench {

struct Addresses {
  std::string listen;
  std::string out;
};

// Parses `--listen HOST:PORT --out HOST:PORT`, runs `body` and returns the exit code as
// run_program does.
int run_server(int argc, char** argv, const std::string& description,
               const std::function<void(const Addresses&)>& body);

// A listening socket; throws std::system_error naming the address.
int listen_on(const std::string& address);

// A blocking connection without Nagle's delay; tries for ten seconds, as the other end may be
// starting. Throws std::system_error naming the address.
int connect_to(const std::string& address);

// Accepts connections and calls `take(fd)` whenever one of them can be read, blocking in epoll in
// between. `take` must not block in reading (the connections do not) and returns false when the
// connection's input has ended. Returns when the last connection has ended.
void serve(int listener, const std::function<bool(int)>& take);

// Writes all of it, waiting as long as the reader makes it.
void write_all(int fd, const char* data, std::size_t size);

}  // namespace wallaroo::bench
