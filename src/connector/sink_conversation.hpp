// The receiving side of a connector sink's connection: frames in, frames out. Pure but for the
// output, which it calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wallaroo/connector_client.hpp>

#include "io/connector_protocol.hpp"

namespace wallaroo::internal {

class SinkConversation {
 public:
  /// Both must outlive the conversation.
  SinkConversation(const std::string& cookie, ConnectorOutput& output)
      : cookie_(cookie), output_(output) {}

  /// A frame without its length; returns the answer, which may be empty. Throws ConnectorError or
  /// ProtocolError when the connection must end, and what the output throws.
  std::string on_frame(std::string_view body);
  /// Of the output; empty until the peer has said it.
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
  std::uint64_t held_ = 0;  ///< bytes of the output that we have
  bool gap_ = false;        ///< something was lost, and must be sent again
};

}  // namespace wallaroo::internal
