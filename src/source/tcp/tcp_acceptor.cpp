#include "source/tcp/tcp_acceptor.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

namespace wallaroo::internal {
namespace {

constexpr int max_accepts_at_once = 64;
constexpr std::chrono::milliseconds pause_time{100};
constexpr std::int64_t warning_interval_ns = 60'000'000'000;

}  // namespace

TcpAcceptor::TcpAcceptor(std::shared_ptr<TcpShared> shared, const ReaderContext& context)
    : shared_(std::move(shared)), context_(context), next_executor_(shared_->acceptor) {}

TcpAcceptor::~TcpAcceptor() { stop(); }

void TcpAcceptor::start() { context_.loop.watch(shared_->listener.get(), *this); }

void TcpAcceptor::stop() {
  context_.loop.cancel(retry_);
  if (shared_->listener) {
    context_.loop.unwatch(shared_->listener.get());
    shared_->listener.reset();
  }
}

void TcpAcceptor::on_ready(std::uint32_t) { accept_waiting(); }

void TcpAcceptor::accept_waiting() {
  if (!shared_->listener || retry_ != 0 || failure_) {
    return;
  }
  for (int i = 0; i < max_accepts_at_once; ++i) {
    if (at_maximum() || !accept_one()) {
      return;
    }
  }
  shared_->readers[shared_->acceptor]->post(
      [](ConnectionTaker& reader) { reader.resume_accepting(); });
}

bool TcpAcceptor::at_maximum() {
  // Sets the flag first, then looks at the number again: a connection that closes meanwhile either
  // is seen here or sees the flag.
  shared_->acceptor_waits.store(true);
  if (shared_->open_connections.load() < shared_->max_connections) {
    shared_->acceptor_waits.store(false);
    return false;
  }
  if (may_warn(last_full_warning_ns_)) {
    context_.log.warning(
        "source '{}': {} connections are open, the maximum (max_connections); further peers wait",
        shared_->name, shared_->max_connections);
  }
  return true;
}

bool TcpAcceptor::accept_one() {
  Accepted accepted = accept_tcp(shared_->listener.get());
  if (accepted.error != 0) {
    return after_error(accepted.error);
  }
  deal(std::move(accepted));
  return true;
}

bool TcpAcceptor::after_error(int error) {
  switch (error) {
    case EAGAIN:
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      pause(error);
      return false;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
      failure_ = "cannot accept connections any more: " + error_text(error);
      return false;
    default:
      // The peer was gone before it was accepted; the next one need not be.
      return true;
  }
}

void TcpAcceptor::pause(int error) {
  if (may_warn(last_pause_warning_ns_)) {
    context_.log.error(
        "source '{}': cannot accept connections: {}; retrying every {} ms. Raise the limit of open "
        "files (ulimit -n, or LimitNOFILE= of the service) or lower max_connections",
        shared_->name, error_text(error), pause_time.count());
  }
  retry_ = context_.loop.after(pause_time, [this] {
    retry_ = 0;
    accept_waiting();
  });
}

void TcpAcceptor::deal(Accepted accepted) {
  auto peer =
      std::make_shared<TcpPeer>(std::move(accepted.socket), accepted.peer.to_string(), shared_);
  const auto& handle = shared_->readers[next_executor_];
  next_executor_ = (next_executor_ + 1) % shared_->readers.size();
  handle->post([peer = std::move(peer)](ConnectionTaker& reader) { reader.adopt(peer); });
}

bool TcpAcceptor::may_warn(std::int64_t& last_ns) {
  const std::int64_t now_ns = context_.clock.now_ns();
  if (last_ns != never && now_ns - last_ns < warning_interval_ns) {
    return false;
  }
  last_ns = now_ns;
  return true;
}

}  // namespace wallaroo::internal
