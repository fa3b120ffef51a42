// Writes the text of inputs/text.hpp to standard output as newline-terminated lines without the
// padding, for the benchmarks that send it through sockets.
#include <cstdio>
#include <string>
#include <string_view>

#include "inputs/text.hpp"

int main() {
  using namespace wallaroo::bench;
  const std::string text = make_text();
  std::string lines;
  for (std::size_t i = 0; i < kTextLines; ++i) {
    const std::string_view line = line_at(text, i);
    lines += line.substr(0, line.find_last_not_of(' ') + 1);
    lines += '\n';
  }
  const bool written = std::fwrite(lines.data(), 1, lines.size(), stdout) == lines.size();
  return written && std::fflush(stdout) == 0 ? 0 : 1;
}
