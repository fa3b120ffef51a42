#include "source/tcp/tcp_shared.hpp"

namespace wallaroo::internal {

void TcpReaderHandle::attach(EventLoop& loop, ConnectionTaker& reader) {
  const std::lock_guard lock(mutex_);
  loop_ = &loop;
  reader_ = &reader;
}

void TcpReaderHandle::detach() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
  reader_ = nullptr;
}

void TcpReaderHandle::post(std::function<void(ConnectionTaker&)> action) {
  // Posts under the lock, so that the reader cannot detach meanwhile; its loop outlives it.
  const std::lock_guard lock(mutex_);
  if (loop_ != nullptr) {
    loop_->post([self = shared_from_this(), action = std::move(action)] {
      if (ConnectionTaker* const reader = self->reader()) {
        action(*reader);
      }
    });
  }
}

ConnectionTaker* TcpReaderHandle::reader() {
  const std::lock_guard lock(mutex_);
  return reader_;
}

void TcpShared::connection_closed() {
  open_connections.fetch_sub(1);
  if (acceptor_waits.load()) {
    readers[acceptor]->post([](ConnectionTaker& reader) { reader.resume_accepting(); });
  }
}

TcpPeer::TcpPeer(FileDescriptor peer_socket, std::string peer_address,
                 std::shared_ptr<TcpShared> source)
    : socket(std::move(peer_socket)), address(std::move(peer_address)), shared(std::move(source)) {
  shared->open_connections.fetch_add(1);
}

TcpPeer::~TcpPeer() {
  socket.reset();
  shared->connection_closed();
}

}  // namespace wallaroo::internal
