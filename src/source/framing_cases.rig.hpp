// Streams for tests of framing, and how to feed them in pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "source/framer.hpp"

namespace wallaroo::internal::framing_cases {

/// Everything that can be seen of a stream that was fed to a framer.
struct Outcome {
  std::vector<std::string> records;
  std::string error;
  std::string cut_off;
  bool operator==(const Outcome&) const = default;
};

/// Feeds the bytes up to each of the positions in turn, then all.
inline Outcome feed(const Framer& framer, std::string_view bytes, std::vector<std::size_t> splits) {
  Outcome outcome;
  splits.push_back(bytes.size());
  std::size_t consumed = 0;
  std::size_t searched = 0;
  for (const std::size_t end : splits) {
    for (bool starved = false; !starved;) {
      std::vector<std::string_view> frames;
      const std::string_view rest = bytes.substr(consumed, end - consumed);
      const Cut cut = framer.cut(rest, 3, frames, searched);
      outcome.records.insert(outcome.records.end(), frames.begin(), frames.end());
      if (cut.error) {
        outcome.error = *cut.error;
        return outcome;
      }
      consumed += cut.consumed;
      searched = cut.searched_bytes;
      starved = cut.starved;
    }
  }
  const StreamEnd last = framer.finish(bytes.substr(consumed));
  if (last.record) {
    outcome.records.emplace_back(*last.record);
  }
  outcome.cut_off = last.cut_off.value_or("");
  return outcome;
}

inline std::string length_prefix(LengthPrefix prefix, std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < prefix.bytes; ++i) {
    bytes += static_cast<char>(length >> (8 * i) & 0xff);
  }
  if (prefix.order == ByteOrder::big) {
    std::reverse(bytes.begin(), bytes.end());
  }
  return bytes;
}

/// Finds records between '<' and '>', and skips whatever is before them.
inline FrameStep bracketed(std::string_view bytes) {
  const std::size_t open = bytes.find('<');
  const std::size_t close = open == bytes.npos ? bytes.npos : bytes.find('>', open);
  return close == bytes.npos ? FrameStep::more()
                             : FrameStep::found(open + 1, close - open - 1, close + 1);
}

struct Stream {
  std::string name;
  Framing framing;
  std::string bytes;
  std::vector<std::string> records;
  bool complete = true;
};

inline std::vector<Framing> all_framings() {
  std::vector<Framing> framings{Newline{}, FixedSize{5}, CustomFraming{bracketed}};
  for (const int width : {1, 2, 4, 8}) {
    framings.emplace_back(LengthPrefix{width, ByteOrder::big});
    framings.emplace_back(LengthPrefix{width, ByteOrder::little});
  }
  return framings;
}

inline std::string framed(const Framing& framing, std::string_view record, bool windows = false) {
  if (const auto* prefix = std::get_if<LengthPrefix>(&framing)) {
    return length_prefix(*prefix, record.size()) + std::string(record);
  }
  if (std::holds_alternative<Newline>(framing)) {
    return std::string(record) + (windows ? "\r\n" : "\n");
  }
  if (std::holds_alternative<FixedSize>(framing)) {
    return std::string(record);
  }
  return (windows ? "skip<" : "<") + std::string(record) + ">";
}

inline std::vector<Stream> small_streams() {
  std::vector<Stream> streams;
  for (const Framing& framing : all_framings()) {
    const bool fixed = std::holds_alternative<FixedSize>(framing);
    const std::vector<std::string> records =
        fixed ? std::vector<std::string>{"abcde", "fghij", "klmno"}
              : std::vector<std::string>{"abc", "", "defghijklmno", "p"};
    Stream stream{"framing " + std::to_string(streams.size()), framing, {}, records};
    for (std::size_t i = 0; i < records.size(); ++i) {
      stream.bytes += framed(framing, records[i], i % 2 == 1);
    }
    streams.push_back(stream);
    stream.name += " with a tail";
    stream.bytes += framed(framing, fixed ? "01234" : "tail").substr(0, 3);
    stream.complete = std::holds_alternative<Newline>(framing);
    if (stream.complete) {
      stream.records.push_back("tai");
    }
    streams.push_back(stream);
  }
  return streams;
}

inline constexpr std::size_t random_record_limit = 255;

inline Stream random_stream(const Framing& framing, std::mt19937_64& random) {
  Stream stream;
  const std::size_t count = random() % 30;
  for (std::size_t i = 0; i < count; ++i) {
    const bool fixed = std::holds_alternative<FixedSize>(framing);
    std::string record(fixed ? 5 : random() % (random() % 4 == 0 ? 256 : 8), ' ');
    for (char& byte : record) {
      byte = static_cast<char>('a' + random() % 26);
    }
    stream.bytes += framed(framing, record, random() % 2 == 0);
    stream.records.push_back(std::move(record));
  }
  return stream;
}

inline std::vector<std::size_t> random_splits(std::size_t size, std::mt19937_64& random) {
  std::vector<std::size_t> splits(random() % 20);
  for (std::size_t& split : splits) {
    split = random() % (size + 1);
  }
  std::sort(splits.begin(), splits.end());
  return splits;
}

}  // namespace wallaroo::internal::framing_cases
