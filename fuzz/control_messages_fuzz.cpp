// Any bytes are either a message between a member and the leader, which comes back the same after
// it was written again, or refused with a reason; and it does not matter how they are cut in
// pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/control/message.hpp"

namespace {

using namespace wallaroo::internal::cluster::control;

void require(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << what << '\n';
    std::abort();
  }
}

/// Reads the messages of a connection on which the bytes arrive in two pieces.
std::vector<Message> read(std::string_view bytes, std::size_t first) {
  std::vector<Message> messages;
  MessageReader reader;
  try {
    for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first)}) {
      reader.append(piece);
      while (std::optional<Message> message = reader.next()) {
        messages.push_back(*std::move(message));
      }
    }
  } catch (const ControlError& error) {
    require(*error.what() != '\0', "a refusal says why");
  }
  return messages;
}

void check_one(std::string_view bytes) {
  try {
    const Message message = decode(bytes);
    require(decode(std::string_view(encode(message)).substr(4)) == message,
            "a message comes back the same");
  } catch (const ControlError& error) {
    require(*error.what() != '\0', "a refusal says why");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_one(bytes);
  const std::vector<Message> whole = read(bytes, size);
  const std::vector<Message> pieces = read(bytes, size / 2);
  require(whole == pieces, "pieces make no difference");
  return 0;
}
