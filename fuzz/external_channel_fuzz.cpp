// Any bytes of a tool are messages or close the connection, and every message is answered alike
// however its bytes are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/external/external_answers.hpp"

namespace {

using wallaroo::internal::encode;
using wallaroo::internal::ExternalAnswers;
using wallaroo::internal::ExternalMessage;
using wallaroo::internal::ExternalReader;

/// All answers to these bytes, and in the end why they are no messages.
std::string conversation(const ExternalAnswers& answers, std::string_view bytes,
                         std::size_t piece) {
  ExternalReader reader;
  std::string said;
  while (!bytes.empty()) {
    reader.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (const auto message = reader.next()) {
      if (message->body.size() > ExternalReader::max_body) {
        __builtin_trap();
      }
      if (const auto answer = answers.answer(*message)) {
        said += encode(*answer);
      }
    }
  }
  return said.append(reader.broken());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string told;
  const ExternalAnswers answers(
      {"app", "worker", {{"a", true}, {"b", false}}, {{"source", 2}}},
      {.initialized = [] { return true; },
       .processing = [] { return true; },
       .entities =
           [] {
             return std::map<std::string, std::vector<std::string>>{{"a", {"key"}}};
           },
       .print = [&](const std::string& text) { told += text; },
       .shutdown = [&](const std::string& text) { told += text; }});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = conversation(answers, bytes, size + 1);
  const std::string told_whole = std::exchange(told, {});
  if (whole != conversation(answers, bytes, 3) || told != told_whole) {
    __builtin_trap();
  }
  return 0;
}
