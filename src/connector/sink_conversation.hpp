// The receiving side of a connector sink's connection: frames in, frames out. It is pure except
// that it calls the output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wallaroo/connector_client.hpp>

#include "io/connector_protocol.hpp"

namespace wallaroo::internal {

class SinkConversation {
 public:
  /// Both arguments must outlive the conversation.
  SinkConversation(const std::string& cookie, ConnectorOutput& output)
      : cookie_(cookie), output_(output) {}

  /// Takes a frame, without its length, and returns the answer, which may be empty. Throws
  /// ConnectorError or ProtocolError when the connection must end, and passes on what the output
  /// throws.
  std::string on_frame(std::string_view body);
  /// The name of the output; empty until the peer has sent it.
  const std::string& name() const { return name_; }

 private:
  std::string on(const connector_protocol::Hello& hello);
  std::string on(const connector_protocol::Notify& notify);
  std::string on(const connector_protocol::Message& message);
  std::string on_control(const connector_protocol::TwoPhaseMessage& message);
  void take_data(std::uint64_t offset, std::string_view data);
  bool prepare(const connector_protocol::Phase1& phase);
  void finish(const connector_protocol::Phase2& phase);

  const std::string& cookie_;
  ConnectorOutput& output_;
  bool greeted_ = false;
  std::string name_;
  ConnectorOutputState state_;
  std::uint64_t held_ = 0;  ///< how many bytes the output has, committed or not
  bool gap_ = false;        ///< bytes are missing, so no checkpoint may be prepared
};

}  // namespace wallaroo::internal
