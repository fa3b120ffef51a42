// Any bytes are either a frame or control message that is encoded as exactly these bytes, or an
// error that says why not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "io/connector_protocol.hpp"

namespace {

namespace protocol = wallaroo::internal::connector_protocol;

void require(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << what << '\n';
    std::abort();
  }
}

void check_stream(std::string_view bytes) {
  while (const auto body = protocol::first_frame(bytes, 1 << 16)) {
    const protocol::Frame frame = protocol::decode(*body);
    const std::string again = protocol::encode(frame);
    // There are two ways to encode a RESTART without an address.
    require(body->size() == 1 || bytes.starts_with(again), "a frame comes back with other bytes");
    bytes.remove_prefix(protocol::length_bytes + body->size());
    if (const auto* message = std::get_if<protocol::Message>(&frame)) {
      const protocol::TwoPhaseMessage inner = protocol::decode_two_phase(message->payload);
      require(protocol::encode_two_phase(inner) == message->payload,
              "a control message comes back with other bytes");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check_stream({reinterpret_cast<const char*>(data), size});
  } catch (const protocol::ProtocolError& error) {
    require(std::string_view(error.what()).size() < 200, "the error is too long");
  }
  return 0;
}
