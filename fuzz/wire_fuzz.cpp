// Any bytes are either a batch of records, which is encoded as bytes that are the same batch, or a
// StoredError.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "record/wire.hpp"

namespace {

using namespace wallaroo;
using namespace wallaroo::internal;

struct Block final : Pinned {
  explicit Block(std::string_view from) : bytes(from.begin(), from.end()) {}
  std::vector<char> bytes;
};
struct Trade {
  std::uint64_t id = 0;
  double price = 0;
};
struct Text {
  std::string_view word;
  std::span<const std::byte> bytes;
  std::optional<std::string_view> maybe;
  std::vector<std::string_view> several;
  std::variant<std::monostate, std::string_view, bool> choice;
  std::map<std::string, std::vector<double>> lists;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

BatchPtr decoded(const WireCodec& codec, std::string_view bytes, std::size_t records) {
  const auto* const block = new Block(bytes);
  BatchPtr batch = codec.make_batch();
  codec.decode({{block->bytes.data(), block->bytes.size()}, records, PinnedRef(block)}, *batch);
  require(batch->size() == records);
  return batch;
}

void read_as(const WireCodec& codec, std::string_view bytes, std::size_t records) {
  try {
    const BatchPtr batch = decoded(codec, bytes, records);
    StoredWriter first;
    codec.encode(*batch, first);
    StoredWriter second;
    codec.encode(*decoded(codec, first.bytes(), records), second);
    require(second.bytes() == first.bytes());
  } catch (const StoredError&) {
  }
}

}  // namespace

/// The first byte says as what the others are read, the second one how many records they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  switch (data[0] % 4) {
    case 0:
      read_as(*wire_codec<Timed<Hashed<Trade>>>(), bytes, data[1]);
      break;
    case 1:
      read_as(*wire_codec<Carried<std::string, Text>>(), bytes, data[1]);
      break;
    case 2:
      read_as(*wire_codec<Hashed<std::string_view>>(), bytes, data[1]);
      break;
    default:
      read_as(ByteBatchCodec(), bytes, data[1]);
  }
  return 0;
}
