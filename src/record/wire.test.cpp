#include "record/wire.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo {
namespace wire_test {

struct MoveOnly {
  std::string text;
  MoveOnly(MoveOnly&&) noexcept = default;
  MoveOnly& operator=(MoveOnly&&) noexcept = default;
  explicit MoveOnly(std::string its_text) : text(std::move(its_text)) {}
};
struct Undeclared {
  int number = 0;
};

}  // namespace wire_test

template <>
struct Stored<wire_test::Undeclared> : NotStored {};
template <>
struct Stored<wire_test::MoveOnly> {
  using Type = std::string;
  static Type save(const wire_test::MoveOnly& value) { return value.text; }
  static wire_test::MoveOnly load(Type text) { return wire_test::MoveOnly(std::move(text)); }
};

namespace internal {
namespace {

using stored_test::any;
using stored_test::any_everything;
using stored_test::Everything;
using stored_test::up_to;
using wire_test::MoveOnly;
using wire_test::Undeclared;

struct Block final : Pinned {
  explicit Block(std::string_view from) : bytes(from.begin(), from.end()) {}
  std::vector<char> bytes;  ///< of this size exactly, so that a sanitizer sees a read beyond it
};

WireRecords on_the_wire(std::string_view bytes, std::size_t records) {
  const auto* const block = new Block(bytes);
  return {{block->bytes.data(), block->bytes.size()}, records, PinnedRef(block)};
}

template <class T>
std::string encoded(Batch& batch) {
  StoredWriter out;
  RecordCodec<T>().encode(batch, out);
  return out.take();
}

template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}
bool same(const MoveOnly& a, const MoveOnly& b) { return a.text == b.text; }
template <class T>
bool same(const Hashed<T>& a, const Hashed<T>& b) {
  return a.hash == b.hash && same(a.value, b.value);
}
template <class K, class T>
bool same(const Carried<K, T>& a, const Carried<K, T>& b) {
  return a.hash == b.hash && same(a.key, b.key) && same(a.value, b.value);
}
template <class T>
bool same(const Timed<T>& a, const Timed<T>& b) {
  return a.time_ns == b.time_ns && same(a.slot, b.slot);
}

template <class T>
bool arrives(RecordBatch<T>& batch) {
  RecordBatch<T> arrived;
  wire_codec<T>()->decode(on_the_wire(encoded<T>(batch), batch.size()), arrived);
  return std::equal(batch.begin(), batch.end(), arrived.begin(), arrived.end(),
                    [](const T& a, const T& b) { return same(a, b); });
}

struct Trade {
  std::uint64_t id = 0;
  double price = 0;
  bool operator==(const Trade&) const = default;
};
struct Text {
  std::string_view word;
  std::span<const char> letters;
  std::optional<std::string_view> maybe;
  std::vector<std::string_view> several;
  std::variant<std::uint16_t, std::string_view> choice;
  std::span<const std::byte> bytes;
};
struct Opaque {
  explicit Opaque(int its_number) : number(its_number) {}
  int number;
};
struct Tree {
  std::vector<Tree> children;
};

template <class T, class Make>
void comes_back(Make make) {
  for (int round = 0; round < 2; ++round) {
    RecordBatch<T> batch;
    const std::size_t records = up_to(8);
    for (std::size_t i = 0; i < records; ++i) {
      batch.emplace(make());
    }
    RC_ASSERT(arrives(batch));
  }
}

TEST(WireCodec, BringsBackSlotsOfEveryKind) {
  EXPECT_TRUE(rc::check("slots come back", [] {
    using Keyed = Carried<std::string, Everything>;
    comes_back<Everything>(any_everything);
    comes_back<Hashed<Everything>>([] {
      return Hashed<Everything>{any<std::uint64_t>(), any_everything()};
    });
    comes_back<Timed<Keyed>>([] {
      return Timed<Keyed>{any<std::int64_t>(),
                          {any<std::uint64_t>(), any<std::string>(), any_everything()}};
    });
    comes_back<std::string>(any<std::string>);
    comes_back<bool>(any<bool>);
    comes_back<std::map<int, std::string>>(any<std::map<int, std::string>>);
    comes_back<MoveOnly>([] { return MoveOnly(any<std::string>()); });
  }));
}

TEST(WireCodec, SendsRecordsWithoutPaddingAsTheyAreInMemory) {
  static_assert(is_packed<Hashed<Trade>> && is_packed<Timed<Hashed<Trade>>>);
  static_assert(!is_packed<Hashed<std::uint32_t>>, "it has padding");
  EXPECT_TRUE(rc::check("packed slots come back", [] {
    comes_back<Timed<Hashed<Trade>>>([] {
      return Timed<Hashed<Trade>>{any<std::int64_t>(),
                                  {any<std::uint64_t>(), {any<std::uint64_t>(), any<double>()}}};
    });
  }));
  RecordBatch<Trade> batch;
  batch.emplace(Trade{1, 2.0});
  EXPECT_EQ(encoded<Trade>(batch), std::string("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40", 16));
}

TEST(WireCodec, BringsBackTheValues) {
  RecordBatch<Timed<Carried<std::string, Trade>>> batch;
  batch.emplace(7, Carried<std::string, Trade>{5, "key", {1, 2.5}});
  const std::string bytes = encoded<Timed<Carried<std::string, Trade>>>(batch);
  RecordBatch<Timed<Carried<std::string, Trade>>> arrived;
  wire_codec<Timed<Carried<std::string, Trade>>>()->decode(on_the_wire(bytes, 1), arrived);
  const auto& slot = *arrived.begin();
  EXPECT_EQ(slot.time_ns, 7);
  EXPECT_EQ(slot.slot.hash, 5U);
  EXPECT_EQ(slot.slot.key, "key");
  EXPECT_EQ(slot.slot.value, (Trade{1, 2.5}));
}

TEST(WireCodec, ReadsViewsInPlaceAndPinsThem) {
  const std::string word = "the word of the other process";
  RecordBatch<Hashed<Text>> batch;
  batch.emplace(9U, Text{word,
                         {word.data(), 3},
                         word.substr(0, 0),
                         {word, "", "x"},
                         std::string_view(word),
                         std::as_bytes(std::span(word))});
  const std::string bytes = encoded<Hashed<Text>>(batch);
  WireRecords wire = on_the_wire(bytes, 1);
  const std::string_view block = wire.bytes;
  const auto codec = wire_codec<Hashed<Text>>();
  const BatchPtr arrived = codec->make_batch();
  codec->decode(wire, *arrived);
  wire.block.reset();
  const Text& text = static_cast<RecordBatch<Hashed<Text>>&>(*arrived).begin()->value;
  EXPECT_EQ(text.word, word);
  EXPECT_TRUE(text.word.data() > block.data() && text.word.data() < block.data() + block.size());
  EXPECT_EQ(std::string(text.letters.begin(), text.letters.end()), "the");
  EXPECT_EQ(text.maybe, "");
  EXPECT_EQ(text.several, (std::vector<std::string_view>{word, "", "x"}));
  EXPECT_EQ(std::get<1>(text.choice), word);
  EXPECT_EQ(text.bytes.size(), word.size());
  EXPECT_EQ(arrived->pins.size(), 1U);
}

TEST(WireCodec, PinsNothingForRecordsThatOwnTheirBytes) {
  RecordBatch<std::string> batch;
  batch.emplace("a text that is too long for the inside of a string");
  RecordBatch<std::string> arrived;
  wire_codec<std::string>()->decode(on_the_wire(encoded<std::string>(batch), 1), arrived);
  EXPECT_TRUE(arrived.pins.empty());
  EXPECT_EQ(arrived.memory_bytes(), sizeof(std::string) + 50);
  const std::array<std::string, 2> texts{std::string(40, 'x'), "short"};
  EXPECT_EQ(payload_bytes(texts), 40U);
}

TEST(WireCodec, IsMissingForTypesThatCannotCross) {
  EXPECT_EQ(wire_codec<int*>(), nullptr);
  EXPECT_EQ(wire_codec<Hashed<Opaque>>(), nullptr);
  EXPECT_EQ((wire_codec<Timed<std::map<int, Tree>>>()), nullptr);
  EXPECT_EQ(wire_codec<std::span<const int>>(), nullptr);
  EXPECT_EQ(wire_codec<std::vector<std::chrono::steady_clock::time_point>>(), nullptr);
  EXPECT_EQ(wire_codec<Undeclared>(), nullptr);
  EXPECT_NE(wire_codec<std::vector<std::string_view>>(), nullptr);
}

TEST(WireCodec, DescribesWhatTravels) {
  EXPECT_EQ(wire_codec<Hashed<std::string_view>>()->schema().text(), "{u64,string}");
  EXPECT_EQ((wire_codec<Timed<Carried<int, Trade>>>()->schema().text()),
            "{i64,{u64,i32,{u64,f64}}}");
}

template <class T>
void broken_bytes_are_found(const std::string& bytes, std::size_t records) {
  const auto decode = [&](std::string_view broken, std::size_t count) {
    const BatchPtr arrived = wire_codec<T>()->make_batch();
    try {
      wire_codec<T>()->decode(on_the_wire(broken, count), *arrived);
      return true;
    } catch (const StoredError&) {
      return false;
    }
  };
  ASSERT_TRUE(decode(bytes, records));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode(bytes.substr(0, size), records)) << size;
  }
  EXPECT_FALSE(decode(bytes + '\0', records));
  EXPECT_FALSE(decode(bytes, records + 1));
  EXPECT_FALSE(decode(bytes, records - 1));
  EXPECT_FALSE(decode(std::string(100'000, '\0'), 65'535));
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ 1 << i % 8);
    decode(flipped, records);  // a sanitizer sees a read beyond the bytes
  }
}

TEST(WireCodec, FindsBrokenBytes) {
  EXPECT_TRUE(rc::check("broken bytes are found", [] {
    RecordBatch<Hashed<Everything>> everything;
    everything.emplace(any<std::uint64_t>(), any_everything());
    everything.emplace(any<std::uint64_t>(), any_everything());
    const std::string bytes = encoded<Hashed<Everything>>(everything);
    if (bytes.size() < 1000) {
      broken_bytes_are_found<Hashed<Everything>>(bytes, 2);
    }
  }));
  RecordBatch<Text> texts;
  texts.emplace(Text{"one", {}, "two", {"three", "four"}, std::string_view("five"), {}});
  texts.emplace();
  broken_bytes_are_found<Text>(encoded<Text>(texts), 2);
  RecordBatch<Trade> trades;
  trades.emplace(Trade{1, 2});
  broken_bytes_are_found<Trade>(encoded<Trade>(trades), 1);
}

TEST(ByteBatchCodec, BringsBackEncodedRecords) {
  ByteBatch batch;
  batch.bytes = "onethree";
  batch.ends = {3, 3, 8};
  StoredWriter out;
  const ByteBatchCodec codec;
  codec.encode(batch, out);
  const std::string bytes = out.take();
  const BatchPtr arrived = codec.make_batch();
  codec.decode(on_the_wire(bytes, 3), *arrived);
  EXPECT_EQ(static_cast<ByteBatch&>(*arrived).bytes, batch.bytes);
  EXPECT_EQ(static_cast<ByteBatch&>(*arrived).ends, batch.ends);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(codec.decode(on_the_wire(bytes.substr(0, size), 3), *arrived), StoredError);
  }
  batch.ends = {3, 2, 8};
  codec.encode(batch, out);
  EXPECT_THROW(codec.decode(on_the_wire(out.bytes(), 3), *arrived), StoredError);
  EXPECT_THROW(codec.decode(on_the_wire("x", 0), *arrived), StoredError);
}

}  // namespace
}  // namespace internal
}  // namespace wallaroo
