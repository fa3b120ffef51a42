// Moves the bytes of a handshake between a socket and the side of it that is here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/socket.hpp"
#include "link/handshake.hpp"
#include "link/introduced.hpp"

namespace wallaroo::internal::link {

/// A socket on which the handshake is under way. Its owner watches it, and calls `move_bytes`
/// whenever it is ready.
class ShakingSocket {
 public:
  explicit ShakingSocket(FileDescriptor socket) : socket_(std::move(socket)) {}

  int descriptor() const { return socket_.get(); }
  void send(std::string_view bytes) { to_send_ += bytes; }
  /// Sends and receives what is possible now. `take` is the side's function of that name; it is
  /// called again while it has something to say. Throws HelloError. Returns why the connection is
  /// lost, if it is.
  template <class Take>
  std::optional<std::string> move_bytes(Take take) {
    std::optional<std::string> lost = receive();
    while (!arrived_.empty()) {
      const HandshakeStep step = take(std::string_view(arrived_));
      arrived_.erase(0, step.used);
      to_send_ += step.send;
      if (step.used == 0) {
        break;
      }
    }
    const auto unsent = flush();
    return lost ? lost : unsent;
  }
  bool all_sent() const { return to_send_.empty(); }
  /// Nobody may watch the socket any more.
  Introduced introduced() && { return {std::move(socket_), std::move(arrived_)}; }

 private:
  std::optional<std::string> receive() {
    char bytes[4096];
    while (true) {
      const IoResult got = receive_some(socket_.get(), bytes, sizeof bytes);
      if (got.would_block()) {
        return std::nullopt;
      }
      if (got.error != 0) {
        return error_text(got.error);
      }
      if (got.at_end()) {
        return "the other side has closed the connection";
      }
      arrived_.append(bytes, got.bytes);
      if (arrived_.size() > most_arrived) {
        return "the other side sends before the handshake is over";
      }
    }
  }
  std::optional<std::string> flush() {
    while (!to_send_.empty()) {
      const IoResult sent = send_some(socket_.get(), to_send_);
      if (sent.would_block()) {
        return std::nullopt;
      }
      if (sent.error != 0) {
        return error_text(sent.error);
      }
      to_send_.erase(0, sent.bytes);
    }
    return std::nullopt;
  }

  static constexpr std::size_t most_arrived = 1 << 20;

  FileDescriptor socket_;
  std::string arrived_;
  std::string to_send_;
};

}  // namespace wallaroo::internal::link
