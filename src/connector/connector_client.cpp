#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/connector_client.hpp>

#include "base/option_check.hpp"
#include "connector/blocking_socket.hpp"
#include "connector/client_conversation.hpp"
#include "io/address.hpp"
#include "io/socket.hpp"

namespace wallaroo {

using namespace std::chrono_literals;

namespace protocol = internal::connector_protocol;

namespace {
constexpr std::size_t flush_bytes = 64 * 1024;
constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;
constexpr std::chrono::milliseconds connect_timeout{10'000};
}  // namespace

struct ConnectorClient::Impl {
  Impl(ConnectorClientOptions all, OnResume on_resume)
      : options(std::move(all)), conversation(options, std::move(on_resume)) {
    internal::parse_host_port(options.address);
    const internal::OptionCheck check("");
    check.backoff(options.first_backoff, options.max_backoff);
    check.duration("retry_open", options.retry_open, std::chrono::milliseconds(1));
  }

  void connect() {
    auto backoff = options.first_backoff;
    while (!socket) {
      try {
        socket = internal::connect_blocking(options.address, connect_timeout);
        conversation.connected();
        exchange_greetings();
      } catch (const IoError&) {
        disconnect();
        std::this_thread::sleep_for(backoff);
        backoff = std::min(2 * backoff, options.max_backoff);
      }
    }
  }

  void exchange_greetings() {
    const auto give_up = std::chrono::steady_clock::now() + connect_timeout;
    while (!conversation.greeted()) {
      send_output();
      receive(100ms);
      if (std::chrono::steady_clock::now() > give_up) {
        throw IoError("the application does not answer");
      }
    }
  }

  void disconnect() {
    socket.reset();
    received.clear();
    conversation.disconnected();
  }

  void send_output() {
    const std::string output = std::exchange(conversation.output(), {});
    internal::send_all(socket.get(), output, received);
  }

  void receive(std::chrono::milliseconds timeout) {
    take_answers();
    while (internal::wait_readable(socket.get(), timeout)) {
      internal::receive_into(received, socket.get());
      take_answers();
      timeout = 0ms;
    }
  }

  void take_answers() {
    std::string_view rest = received;
    bool goes_on = true;
    while (const auto body = protocol::first_frame(rest, max_answer_bytes)) {
      rest.remove_prefix(protocol::length_bytes + body->size());
      goes_on = conversation.on_frame(*body) && goes_on;
    }
    received.erase(0, received.size() - rest.size());
    if (!goes_on) {
      throw IoError("the application asks to reconnect");
    }
  }

  /// Reads what is left: an application that closes the connection may have sent the reason.
  void hear_last_words() {
    try {
      if (socket) {
        receive(0ms);
      }
    } catch (const IoError&) {
      return;  // it has sent no reason
    }
  }

  void retry_refused() {
    const auto now = std::chrono::steady_clock::now();
    if (conversation.refused() && next_retry <= now) {
      next_retry = now + options.retry_open;
      conversation.retry();
    }
  }

  void poll(std::chrono::milliseconds timeout) {
    try {
      connect();
      retry_refused();
      send_output();
      receive(timeout);
    } catch (const IoError&) {
      lost();
    } catch (const protocol::ProtocolError& error) {
      disconnect();
      throw ConnectorError(
          fmt::format("the application sent something that is not the protocol: {}", error.what()));
    } catch (...) {
      disconnect();
      throw;
    }
  }

  void lost() {
    try {
      hear_last_words();
    } catch (...) {
      disconnect();
      throw;
    }
    disconnect();
    if (!conversation.new_address().empty()) {
      options.address = conversation.new_address();
    }
  }

  ConnectorClientOptions options;
  internal::ClientConversation conversation;
  internal::FileDescriptor socket;
  std::string received;
  std::chrono::steady_clock::time_point next_retry = {};
};

ConnectorClient::ConnectorClient(ConnectorClientOptions options, OnResume on_resume)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(on_resume))) {}

ConnectorClient::~ConnectorClient() { close(); }

ConnectorStream& ConnectorClient::open_stream(std::uint64_t id, std::string name) {
  ConnectorStream& stream = impl_->conversation.add(id, std::move(name));
  while (!stream.open) {
    impl_->poll(impl_->options.retry_open);
  }
  return stream;
}

bool ConnectorClient::send(ConnectorStream& stream, std::uint64_t message_id,
                           std::string_view payload) {
  const auto position = stream.position;
  while (!impl_->conversation.may_send(stream)) {
    impl_->poll(impl_->options.retry_open);
    if (stream.position != position || stream.done) {
      return false;
    }
  }
  impl_->conversation.send(stream, message_id, payload);
  if (impl_->conversation.output().size() >= flush_bytes) {
    impl_->poll(0ms);
  }
  return stream.position == message_id;
}

bool ConnectorClient::end_stream(ConnectorStream& stream) {
  while (!stream.open && !stream.done) {
    impl_->poll(impl_->options.retry_open);
  }
  if (!stream.ended) {
    impl_->conversation.end(stream);
  }
  while (stream.ended && !stream.done) {
    impl_->poll(impl_->options.retry_open);
  }
  return stream.ended;
}

void ConnectorClient::poll(std::chrono::milliseconds timeout) { impl_->poll(timeout); }

void ConnectorClient::close() {
  if (impl_->socket) {
    internal::send_some(impl_->socket.get(), impl_->conversation.output());
    impl_->disconnect();
  }
}

}  // namespace wallaroo
