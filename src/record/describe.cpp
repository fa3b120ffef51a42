#include "record/describe.hpp"

#include <iterator>

#include <fmt/format.h>

namespace wallaroo::internal {

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
}

void append_number(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

std::string shortened(std::string_view text) {
  return text.size() <= most_shown_bytes
             ? std::string(text)
             : fmt::format("{}... ({} bytes in all)", text.substr(0, most_shown_bytes),
                           text.size());
}

}  // namespace wallaroo::internal
