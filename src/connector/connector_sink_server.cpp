#include <list>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/connector_client.hpp>

#include "base/clock.hpp"
#include "connector/blocking_socket.hpp"
#include "connector/sink_conversation.hpp"
#include "io/event_loop.hpp"
#include "io/socket.hpp"

namespace wallaroo {

namespace protocol = internal::connector_protocol;

namespace {

constexpr std::chrono::milliseconds linger{1'000};

/// A worker's connection. Answers are few and small, and the worker waits for them, so they are
/// sent at once.
struct Connection {
  Connection(internal::Accepted accepted, const std::string& cookie, ConnectorOutput& output)
      : socket(std::move(accepted.socket)),
        peer(accepted.peer.to_string()),
        conversation(cookie, output) {}

  internal::FileDescriptor socket;
  std::string peer;
  internal::SinkConversation conversation;
  std::string received;
  bool replaced = false;  ///< a newer connection has the same output
};

}  // namespace

struct ConnectorSinkServer::Impl final : internal::ReadyHandler {
  Impl(ConnectorSinkServerOptions all, ConnectorOutput& store)
      : options(std::move(all)),
        output(store),
        listener(internal::listen_tcp(options.listen)),
        address(internal::local_address(listener.get()).to_string()) {
    loop.watch(listener.get(), *this);
  }

  /// Looks at every connection; there are only as many as workers.
  void on_ready(std::uint32_t) override {
    accept_all();
    for (auto next = connections.begin(); next != connections.end();) {
      const auto each = next++;
      if (!serve(*each)) {
        loop.unwatch(each->socket.get());
        connections.erase(each);
      }
    }
  }

  void accept_all() {
    for (;;) {
      internal::Accepted accepted = internal::accept_tcp(listener.get());
      if (accepted.error != 0) {
        return;
      }
      const int socket = accepted.socket.get();
      connections.emplace_back(std::move(accepted), options.cookie, output);
      loop.watch(socket, *this);
    }
  }

  /// Returns false when the connection is over.
  bool serve(Connection& connection) {
    try {
      while (!connection.replaced &&
             internal::wait_readable(connection.socket.get(), std::chrono::milliseconds(0))) {
        internal::receive_into(connection.received, connection.socket.get());
        answer(connection);
      }
      return !connection.replaced;
    } catch (const IoError& error) {
      say(connection, error.what());
    } catch (const std::exception& error) {
      say(connection, error.what());
      const std::string reason = std::string(error.what()).substr(0, 1000);
      // This blocks all connections, but not for long: the other side closes when it reads this.
      internal::say_last_word(connection.socket.get(), protocol::encode(protocol::Error{reason}),
                              linger);
    }
    return false;
  }

  void answer(Connection& connection) {
    std::string more;
    do {
      connection.received += std::exchange(more, {});
      answer_received(connection, more);
    } while (!more.empty());
  }

  void answer_received(Connection& connection, std::string& more) {
    std::string_view rest = connection.received;
    while (const auto body = protocol::first_frame(rest, options.max_frame_bytes)) {
      rest.remove_prefix(protocol::length_bytes + body->size());
      const bool known = !connection.conversation.name().empty();
      const std::string answer = connection.conversation.on_frame(*body);
      if (!known && !connection.conversation.name().empty()) {
        replace_older(connection);
      }
      internal::send_all(connection.socket.get(), answer, more);
    }
    connection.received.erase(0, connection.received.size() - rest.size());
  }

  /// Ends older connections of the same output: a worker may come back before its old connection is
  /// known to be broken.
  void replace_older(const Connection& newer) {
    for (Connection& each : connections) {
      if (&each != &newer && each.conversation.name() == newer.conversation.name()) {
        each.replaced = true;
      }
    }
  }

  void say(const Connection& connection, std::string_view what) const {
    if (options.log) {
      options.log(fmt::format("connection from {} of '{}': {}", connection.peer,
                              connection.conversation.name(), what));
    }
  }

  ConnectorSinkServerOptions options;
  ConnectorOutput& output;
  internal::SteadyClock clock;
  internal::EventLoop loop{clock};
  internal::FileDescriptor listener;
  std::string address;
  std::list<Connection> connections;
};

ConnectorSinkServer::ConnectorSinkServer(ConnectorSinkServerOptions options,
                                         ConnectorOutput& output)
    : impl_(std::make_unique<Impl>(std::move(options), output)) {}

ConnectorSinkServer::~ConnectorSinkServer() = default;

std::string ConnectorSinkServer::address() const { return impl_->address; }

void ConnectorSinkServer::poll(std::chrono::milliseconds timeout) { impl_->loop.poll(timeout); }

}  // namespace wallaroo
