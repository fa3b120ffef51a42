#include "io/resolver.hpp"

#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <netdb.h>

#include <wallaroo/types/error.hpp>

#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

Resolved ask_system(const HostPort& host_port) {
  if (const auto numeric = numeric_address(host_port)) {
    return {{*numeric}, {}};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(host_port.port);
  const int failure = ::getaddrinfo(host_port.host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) {
    return {{},
            fmt::format("cannot find the host '{}': {}", host_port.host,
                        failure == EAI_SYSTEM ? error_text(errno) : ::gai_strerror(failure))};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Resolved resolved;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    resolved.addresses.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  return resolved;
}

}  // namespace

std::vector<SocketAddress> resolve_now(const HostPort& host_port) {
  Resolved resolved = ask_system(host_port);
  if (resolved.addresses.empty()) {
    throw IoError(resolved.error);
  }
  return std::move(resolved.addresses);
}

struct Resolution::State : std::enable_shared_from_this<State> {
  std::mutex mutex;
  EventLoop* loop = nullptr;  // null once cancelled
  Callback done;

  void deliver(Resolved resolved) {
    const std::lock_guard lock(mutex);
    if (loop == nullptr) {
      return;
    }
    // The lock is held, so the loop cannot be destroyed during the post.
    loop->post([self = shared_from_this(), resolved = std::move(resolved)]() mutable {
      if (Callback callback = self->take_callback()) {
        callback(std::move(resolved));
      }
    });
  }
  Callback take_callback() {
    const std::lock_guard lock(mutex);
    loop = nullptr;
    return std::exchange(done, nullptr);
  }
};

Resolution::Resolution(const HostPort& host_port, EventLoop& loop, Callback done)
    : state_(std::make_shared<State>()) {
  state_->loop = &loop;
  state_->done = std::move(done);
  if (const auto numeric = numeric_address(host_port)) {
    state_->deliver({{*numeric}, {}});
    return;
  }
  try {
    std::thread([state = state_, host_port] { state->deliver(ask_system(host_port)); }).detach();
  } catch (const std::system_error& error) {
    state_->deliver({{},
                     fmt::format("cannot start a thread to find the host '{}': {}", host_port.host,
                                 error.what())});
  }
}

Resolution& Resolution::operator=(Resolution&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

Resolution::~Resolution() { cancel(); }

void Resolution::cancel() {
  if (state_) {
    state_->take_callback();
    state_.reset();
  }
}

}  // namespace wallaroo::internal
