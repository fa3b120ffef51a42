#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "giles/framing.hpp"

namespace wallaroo::giles {

// Messages as they go over the wire, one after the other.
struct WireMessages {
  std::string bytes;
  std::vector<std::uint64_t> ends;  // ends[i]: where message i ends in `bytes`

  std::uint64_t count() const { return ends.size(); }
};

// How the contents of a file are cut into messages and framed.
struct FileFormat {
  enum class Kind {
    kLines,         // text lines; a last line without newline counts
    kFixed,         // records of `record_bytes`, sent as they are
    kSelfPrefixed,  // records that begin with their 4-byte big-endian length, sent as they are
  };
  Kind kind = Kind::kLines;
  Framing::Kind line_framing = Framing::Kind::kLengthPrefixed;  // or kNewline
  std::uint64_t record_bytes = 0;
  bool skip_empty_lines = false;
};

// Appends the messages of `contents`. Throws RuntimeError that names `file` when the contents end
// inside a record.
void append_messages(const FileFormat& format, std::string_view contents, std::string_view file,
                     WireMessages& out);

// Returns the messages of all files in the order given. Throws RuntimeError for a file that cannot
// be read.
WireMessages load_messages(const FileFormat& format, const std::vector<std::string>& files);

// Returns for each i < lanes the messages i, i + lanes, i + 2 * lanes, ...
std::vector<WireMessages> deal_round_robin(WireMessages messages, std::uint64_t lanes);

}  // namespace wallaroo::giles
