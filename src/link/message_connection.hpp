// Messages over a connection between two workers, in both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/event_loop.hpp"
#include "link/introduced.hpp"

namespace wallaroo::internal::link {

/// Sends messages, and cuts what arrives into messages. Each begins with the number of its other
/// bytes in 4 bytes, little-endian. Only on the loop's thread; the loop must outlive it. Its
/// callbacks may destroy it.
class MessageConnection final : private ReadyHandler {
 public:
  static constexpr std::size_t most_message_bytes = 64 << 20;
  /// A peer that takes nothing while so much waits for it is given up.
  static constexpr std::size_t most_waiting_bytes = 256 << 20;

  struct Callbacks {
    /// Given each message without its first 4 bytes. An Error that it throws ends the connection.
    std::function<void(std::string_view message)> message;
    /// Called once, and last: the connection is lost.
    std::function<void(const std::string& reason)> closed;
  };

  MessageConnection(EventLoop& loop, Introduced introduced, Callbacks callbacks);
  MessageConnection(const MessageConnection&) = delete;
  MessageConnection& operator=(const MessageConnection&) = delete;
  ~MessageConnection() override;

  /// `message` includes its first 4 bytes. Does nothing once the connection is lost.
  void send(std::string_view message);

 private:
  void on_ready(std::uint32_t events) override;
  void receive();
  void cut_messages();
  void flush();
  void lose(std::string reason);
  void tell_lost();
  void close();

  EventLoop& loop_;
  FileDescriptor socket_;
  std::string arrived_;
  std::string to_send_;
  std::size_t sent_ = 0;  ///< bytes of `to_send_`
  Callbacks callbacks_;
  std::string lost_;  ///< why; empty: it is not
  bool told_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace wallaroo::internal::link
