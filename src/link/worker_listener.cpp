#include "link/worker_listener.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include "io/socket.hpp"
#include "link/shaking_socket.hpp"

namespace wallaroo::internal::link {

namespace {

/// For the whole handshake, which takes two round trips.
constexpr std::chrono::seconds patience{5};
/// When the system has no descriptors or no memory left.
constexpr std::chrono::milliseconds pause_time{100};

}  // namespace

/// Who has connected, until the handshake is over.
class WorkerListener::Guest final : public ReadyHandler {
 public:
  Guest(WorkerListener& listener, std::uint64_t id, Accepted accepted)
      : handshake(listener.setup_.token, listener.callbacks_.judge),
        socket(std::move(accepted.socket)),
        peer(accepted.peer.to_string()),
        listener_(listener),
        id_(id) {
    socket.send(handshake.greeting());
    limit_ = listener.loop_.after(patience, [this] {
      limit_ = 0;
      listener_.close(id_);
    });
    listener.loop_.watch(socket.descriptor(), *this);
    watched_ = true;
  }
  ~Guest() override {
    listener_.loop_.cancel(limit_);
    unwatch();
  }

  void unwatch() {
    if (std::exchange(watched_, false)) {
      listener_.loop_.unwatch(socket.descriptor());
    }
  }

  AcceptorHandshake handshake;
  ShakingSocket socket;
  std::string peer;

 private:
  void on_ready(std::uint32_t) override { listener_.serve(id_); }

  WorkerListener& listener_;
  std::uint64_t id_;
  EventLoop::TimerId limit_ = 0;
  bool watched_ = false;
};

WorkerListener::WorkerListener(EventLoop& loop, Setup setup, Callbacks callbacks)
    : loop_(loop), setup_(std::move(setup)), callbacks_(std::move(callbacks)) {}

WorkerListener::~WorkerListener() {
  loop_.cancel(pause_);
  if (started_) {
    loop_.unwatch(setup_.socket.get());
  }
}

void WorkerListener::start() {
  started_ = true;
  loop_.watch(setup_.socket.get(), *this);
}

std::string WorkerListener::address() const {
  return local_address(setup_.socket.get()).to_string();
}

void WorkerListener::on_ready(std::uint32_t) {
  while (pause_ == 0 && accept_one()) {
  }
}

bool WorkerListener::accept_one() {
  if (guests_.size() >= most_guests) {
    pause();
    return false;
  }
  Accepted accepted = accept_tcp(setup_.socket.get());
  if (accepted.error == 0) {
    const std::uint64_t id = ++last_guest_;
    guests_.emplace(id, std::make_unique<Guest>(*this, id, std::move(accepted)));
    return true;
  }
  if (accepted.error == EMFILE || accepted.error == ENFILE || accepted.error == ENOBUFS ||
      accepted.error == ENOMEM) {
    setup_.log.warning("cluster: cannot accept other workers: {}; tries again",
                       error_text(accepted.error));
    pause();
  }
  // Other errors are those of a peer that has gone already.
  return accepted.error != EAGAIN && pause_ == 0;
}

void WorkerListener::pause() {
  pause_ = loop_.after(pause_time, [this] {
    pause_ = 0;
    on_ready(0);
  });
}

void WorkerListener::serve(std::uint64_t id) {
  Guest& guest = *guests_.at(id);
  std::optional<std::string> lost;
  try {
    lost = guest.socket.move_bytes(
        [&](std::string_view arrived) { return guest.handshake.take(arrived); });
  } catch (const HelloError& error) {
    setup_.log.warning("cluster: {} has connected and is no worker of this version: {}", guest.peer,
                       error.what());
    close(id);
    return;
  }
  const auto& hello = guest.handshake.hello();
  if (lost || (hello && guest.socket.all_sent() && !guest.handshake.accepted())) {
    close(id);
    return;
  }
  if (hello && guest.socket.all_sent()) {
    const Hello who = *hello;
    guest.unwatch();
    Introduced introduced = std::move(guest.socket).introduced();
    close(id);
    callbacks_.accepted(who, std::move(introduced));
  }
}

void WorkerListener::close(std::uint64_t id) { guests_.erase(id); }

}  // namespace wallaroo::internal::link
