#include "sink/dialer.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include "io/socket.hpp"

namespace wallaroo::internal {

namespace {

/// A host that drops packets silently keeps a connect waiting for two minutes; by then it may long
/// have been back.
constexpr std::chrono::seconds connect_timeout{5};

}  // namespace

Dialer::Dialer(HostPort peer, EventLoop& loop, Backoff backoff, Callbacks callbacks)
    : peer_(std::move(peer)), loop_(loop), backoff_(backoff), callbacks_(std::move(callbacks)) {}

void Dialer::dial() {
  cancel();
  resolution_ = Resolution(peer_, loop_, [this](Resolved found) { on_resolved(std::move(found)); });
}

void Dialer::dial_later() {
  cancel();
  timer_ = loop_.after(backoff_.next(), [this] {
    timer_.reset();
    dial();
  });
}

void Dialer::cancel() {
  resolution_.cancel();
  stop_timer();
  close_socket();
}

void Dialer::stop_timer() {
  if (timer_) {
    loop_.cancel(*timer_);
    timer_.reset();
  }
}

void Dialer::close_socket() {
  if (socket_) {
    loop_.unwatch(socket_.get());
    socket_.reset();
  }
}

void Dialer::on_resolved(Resolved resolved) {
  addresses_ = std::move(resolved.addresses);
  next_address_ = 0;
  reason_ = std::move(resolved.error);
  try_next_address();
}

void Dialer::try_next_address() {
  if (next_address_ == addresses_.size()) {
    dial_later();
    callbacks_.failed(reason_);
    return;
  }
  Connecting connecting = start_connect(addresses_[next_address_++]);
  if (connecting.error != 0) {
    on_address_failed(error_text(connecting.error));
    return;
  }
  socket_ = std::move(connecting.socket);
  loop_.watch(socket_.get(), *this);
  timer_ = loop_.after(connect_timeout, [this] {
    timer_.reset();
    on_address_failed("no answer");
  });
}

void Dialer::on_address_failed(std::string reason) {
  reason_ = std::move(reason);
  stop_timer();
  close_socket();
  try_next_address();
}

void Dialer::on_ready(std::uint32_t) {
  const int error = finish_connect(socket_.get());
  if (error == EINPROGRESS) {
    return;
  }
  if (error != 0) {
    on_address_failed(error_text(error));
    return;
  }
  stop_timer();
  loop_.unwatch(socket_.get());
  callbacks_.connected(std::move(socket_));
}

}  // namespace wallaroo::internal
