#include "link/message_connection.hpp"

#include <utility>

#include <fmt/format.h>

#include <boost/endian/conversion.hpp>
#include <wallaroo/types/error.hpp>

#include "io/socket.hpp"

namespace wallaroo::internal::link {

namespace {

constexpr std::size_t length_bytes = 4;

std::size_t length_at(const char* bytes) {
  return boost::endian::load_little_u32(reinterpret_cast<const unsigned char*>(bytes));
}

}  // namespace

MessageConnection::MessageConnection(EventLoop& loop, Introduced introduced, Callbacks callbacks)
    : loop_(loop),
      socket_(std::move(introduced.socket)),
      arrived_(std::move(introduced.arrived)),
      callbacks_(std::move(callbacks)) {
  // The first event comes at once, since the socket takes bytes.
  loop_.watch(socket_.get(), *this);
}

MessageConnection::~MessageConnection() {
  *alive_ = false;
  close();
}

void MessageConnection::close() {
  if (socket_) {
    loop_.unwatch(socket_.get());
    socket_.reset();
  }
}

void MessageConnection::send(std::string_view message) {
  if (!lost_.empty()) {
    return;
  }
  to_send_ += message;
  flush();
  if (to_send_.size() - sent_ > most_waiting_bytes) {
    lose("the other side takes nothing");
  }
}

void MessageConnection::flush() {
  while (sent_ != to_send_.size()) {
    const IoResult result = send_some(socket_.get(), std::string_view(to_send_).substr(sent_));
    if (result.would_block()) {
      return;
    }
    if (result.error != 0) {
      lose(error_text(result.error));
      return;
    }
    sent_ += result.bytes;
  }
  to_send_.clear();
  sent_ = 0;
}

void MessageConnection::on_ready(std::uint32_t) {
  if (!lost_.empty()) {
    return;
  }
  flush();
  receive();
  const auto alive = alive_;
  cut_messages();
  if (*alive && !lost_.empty()) {
    tell_lost();
  }
}

void MessageConnection::receive() {
  constexpr std::size_t piece = 64 * 1024;
  while (lost_.empty()) {
    const std::size_t before = arrived_.size();
    arrived_.resize(before + piece);
    const IoResult got = receive_some(socket_.get(), arrived_.data() + before, piece);
    arrived_.resize(before + got.bytes);
    if (got.would_block()) {
      return;
    }
    if (got.error != 0 || got.at_end()) {
      lose(got.error != 0 ? error_text(got.error) : "the other side has closed the connection");
    }
  }
}

/// What had arrived before the loss is passed on, too: it was said.
void MessageConnection::cut_messages() {
  const auto alive = alive_;
  std::size_t begin = 0;
  std::string bytes = std::exchange(arrived_, {});
  while (bytes.size() - begin >= length_bytes) {
    const std::size_t length = length_at(bytes.data() + begin);
    if (length > most_message_bytes) {
      lose(fmt::format("a message of {} bytes, of which {} are the most", length,
                       most_message_bytes));
      return;
    }
    if (bytes.size() - begin - length_bytes < length) {
      break;
    }
    try {
      callbacks_.message(std::string_view(bytes).substr(begin + length_bytes, length));
    } catch (const Error& error) {
      if (*alive) {
        lose(error.what());
      }
      return;
    }
    if (!*alive) {
      return;
    }
    begin += length_bytes + length;
  }
  arrived_ = bytes.substr(begin);
}

void MessageConnection::lose(std::string reason) {
  if (!lost_.empty()) {
    return;
  }
  lost_ = std::move(reason);
  close();
  loop_.post([this, alive = alive_] {
    if (*alive) {
      tell_lost();
    }
  });
}

void MessageConnection::tell_lost() {
  if (!std::exchange(told_, true)) {
    const auto closed = std::move(callbacks_.closed);
    closed(lost_);
  }
}

}  // namespace wallaroo::internal::link
