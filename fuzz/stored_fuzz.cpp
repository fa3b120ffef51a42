// Any schema and bytes give a value or a StoredError, with no more memory than the bytes account
// for.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "record/stored/schema.hpp"
#include "record/stored/stored.hpp"
#include "record/stored/stored_json.hpp"

namespace {

using namespace wallaroo;
using namespace wallaroo::internal;

struct Inner {
  std::string name;
  std::optional<double> price;
};
struct State {
  bool flag = false;
  std::vector<Inner> inners;
  std::map<std::string, std::vector<std::uint64_t>> lists;
  std::variant<std::monostate, std::string, std::uint32_t> choice;
  std::unordered_map<std::uint32_t, std::tuple<char, std::int16_t>> table;
  std::array<std::uint16_t, 3> numbers{};
  std::vector<bool> truths;
};
/// The state of an earlier program.
struct Before {
  bool flag = false;
  std::vector<std::tuple<std::string>> inners;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Writes a value that was read, and reads it again: it must be the same.
template <class T>
void read_as(const Schema& schema, std::string_view bytes) {
  try {
    StoredReader in(bytes);
    const T value = Loader<T>(schema)(in);
    StoredWriter first;
    store(value, first);
    StoredReader again(first.bytes());
    const T same = Loader<T>(schema_of<T>())(again);
    require(again.empty());
    StoredWriter second;
    store(same, second);
    require(second.size() == first.size());
  } catch (const StoredError&) {
  }
}

void show(const Schema& schema, std::string_view bytes) {
  try {
    StoredReader in(bytes);
    std::string text;
    print_json(schema, in, text);
    require(!text.empty());
  } catch (const StoredError&) {
  }
}

/// The first line is a schema, the rest bytes.
void read_any(std::string_view input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  try {
    const Schema schema = Schema::parse(input.substr(0, end));
    require(schema.text() == input.substr(0, end));
    const std::string_view bytes = input.substr(std::min(end + 1, input.size()));
    show(schema, bytes);
    read_as<State>(schema, bytes);
  } catch (const StoredError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_any(input);
  read_as<State>(schema_of<State>(), input);
  read_as<State>(schema_of<Before>(), input);
  show(schema_of<State>(), input);
  return 0;
}
