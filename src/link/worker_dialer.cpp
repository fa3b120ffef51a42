#include "link/worker_dialer.hpp"

#include <cerrno>
#include <utility>

#include "io/socket.hpp"
#include "link/shaking_socket.hpp"

namespace wallaroo::internal::link {

WorkerDialer::WorkerDialer(EventLoop& loop, Call call, Done done)
    : loop_(loop), call_(std::move(call)), done_(std::move(done)) {
  limit_ = loop_.after(call_.limit, [this] {
    limit_ = 0;
    end(NotConnected{"no answer in time", false});
  });
  resolution_ =
      Resolution(call_.to, loop_, [this](Resolved found) { on_resolved(std::move(found)); });
}

WorkerDialer::~WorkerDialer() {
  loop_.cancel(limit_);
  close_socket();
}

void WorkerDialer::close_socket() {
  if (connecting_) {
    loop_.unwatch(connecting_.get());
    connecting_.reset();
  }
  if (shaking_) {
    loop_.unwatch(shaking_->descriptor());
    shaking_.reset();
  }
}

void WorkerDialer::on_resolved(Resolved resolved) {
  addresses_ = std::move(resolved.addresses);
  if (!resolved.error.empty()) {
    failure_.reason = std::move(resolved.error);
  }
  try_next_address();
}

void WorkerDialer::try_next_address() {
  while (next_address_ != addresses_.size()) {
    Connecting attempt = start_connect(addresses_[next_address_++]);
    if (attempt.error == 0) {
      connecting_ = std::move(attempt.socket);
      loop_.watch(connecting_.get(), *this);
      return;
    }
    failure_ = {error_text(attempt.error), attempt.error == ECONNREFUSED};
  }
  end(failure_);
}

void WorkerDialer::address_failed(int error) {
  failure_ = {error_text(error), error == ECONNREFUSED};
  close_socket();
  try_next_address();
}

void WorkerDialer::on_ready(std::uint32_t) {
  if (shaking_) {
    shake();
    return;
  }
  const int error = finish_connect(connecting_.get());
  if (error == EINPROGRESS) {
    return;
  }
  if (error != 0) {
    address_failed(error);
    return;
  }
  connected();
}

// Stays watched: the worker that was dialled speaks first.
void WorkerDialer::connected() {
  handshake_.emplace(call_.hello, call_.token);
  shaking_ = std::make_unique<ShakingSocket>(std::move(connecting_));
  shake();
}

void WorkerDialer::shake() {
  std::optional<std::string> lost;
  try {
    lost = shaking_->move_bytes([&](std::string_view arrived) {
      return handshake_->answer() ? HandshakeStep{} : handshake_->take(arrived);
    });
  } catch (const HelloError& error) {
    end(NotConnected{error.what(), false});
    return;
  }
  if (!handshake_->answer()) {
    if (lost) {
      end(NotConnected{*lost, false});
    }
    return;
  }
  if (handshake_->answer()->code != AnswerCode::accepted) {
    end(*handshake_->answer());
    return;
  }
  // If the connection is lost already, its next owner will see that.
  loop_.unwatch(shaking_->descriptor());
  Introduced introduced = std::move(*shaking_).introduced();
  shaking_.reset();
  end(std::move(introduced));
}

void WorkerDialer::end(Result result) {
  loop_.cancel(std::exchange(limit_, 0));
  close_socket();
  const Done done = std::exchange(done_, nullptr);
  if (done) {
    done(std::move(result));
  }
}

}  // namespace wallaroo::internal::link
