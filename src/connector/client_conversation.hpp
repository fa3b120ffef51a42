// A client's side of a connection to a connector source: frames in, frames out. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/connector_client.hpp>

#include "io/connector_protocol.hpp"

namespace wallaroo::internal {

class ClientConversation {
 public:
  ClientConversation(const ConnectorClientOptions& options, ConnectorClient::OnResume on_resume)
      : options_(options), on_resume_(std::move(on_resume)) {}

  /// Begins a new connection with a HELLO, and forgets what was under way on the old one.
  void connected();
  void disconnected();
  /// Takes a frame of the application, without its length. Returns false when the application asks
  /// to reconnect. Throws ConnectorError when it refuses, ProtocolError for broken bytes.
  bool on_frame(std::string_view body);
  /// Asks again for the streams that were refused.
  void retry();

  ConnectorStream& add(std::uint64_t id, std::string name);
  /// True when the stream is open and there are credits.
  bool may_send(const ConnectorStream& stream) const { return stream.open && credits_ > 0; }
  void send(ConnectorStream& stream, std::uint64_t message_id, std::string_view payload);
  void end(ConnectorStream& stream);

  bool greeted() const { return greeted_; }
  bool refused() const { return !refused_.empty(); }
  /// Bytes that are to be sent; the caller removes those that it has sent.
  std::string& output() { return output_; }
  /// The address to which a RESTART has directed the client; empty: the same as before.
  const std::string& new_address() const { return new_address_; }

 private:
  void on(const connector_protocol::Ok& ok);
  void on(const connector_protocol::Ack& ack);
  void on(const connector_protocol::NotifyAck& ack);
  void notify(const ConnectorStream& stream);

  const ConnectorClientOptions& options_;
  ConnectorClient::OnResume on_resume_;
  std::map<std::uint64_t, ConnectorStream> streams_;
  std::vector<std::uint64_t> refused_;
  std::int64_t credits_ = 0;
  bool greeted_ = false;
  std::string output_;
  std::string new_address_;
};

}  // namespace wallaroo::internal
