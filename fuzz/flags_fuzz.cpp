// Any command line and any configuration file give flags or a ConfigError, nothing else.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/error.hpp>

#include "app/program/flags.hpp"

namespace {

using wallaroo::internal::Program;

const Program& program() {
  static const Program made{"fuzzed", "1.2.3", {"lines", "orders"}, {"totals"}, ""};
  return made;
}

/// The input's parts between zero bytes: the file first, then the arguments.
std::vector<std::string> parts_of(std::string_view input) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = input.find('\0');
    parts.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    input.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parts = parts_of({reinterpret_cast<const char*>(data), size});
  const std::string file = parts.front();
  std::vector<std::string> arguments(parts.begin() + 1, parts.end());
  if (!file.empty()) {
    arguments.insert(arguments.end(), {"--config", "fuzzed.toml"});
  }
  try {
    wallaroo::internal::parse_flags(program(), arguments, [&](const std::string&) { return file; });
  } catch (const wallaroo::ConfigError&) {
  }
  return 0;
}
