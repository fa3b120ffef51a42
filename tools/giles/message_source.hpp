#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "giles/framing.hpp"
#include "giles/message_file.hpp"
#include "giles/schedule.hpp"
#include "giles/stamp.hpp"

namespace wallaroo::giles {

// Some messages, framed, ready to be written.
struct Chunk {
  std::string_view bytes;
  std::uint64_t messages = 0;
};

// The messages of one connection, in order. All lanes together are the messages 0, 1, 2, ... of
// the source, dealt round robin: message g goes to lane g % lanes.
class Lane {
 public:
  virtual ~Lane() = default;

  // Returns the next messages, at least one and at most `max_messages` (>= 1), in a chunk of a good
  // size for one write. The bytes stay valid until the next call.
  virtual Chunk next(std::uint64_t max_messages) = 0;
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

// Messages from files, again and again when asked for more than there are.
class FileMessages {
 public:
  // `repeat` says that more than one pass will be asked for, so that few messages are copied often
  // enough to fill large writes.
  FileMessages(WireMessages messages, std::uint64_t lanes, bool repeat);

  std::uint64_t count() const { return count_; }            // of one pass, before copying
  std::uint64_t pass_count() const { return pass_count_; }  // of one pass, after copying
  const std::vector<WireMessages>& parts() const { return parts_; }

 private:
  std::uint64_t count_;
  std::uint64_t pass_count_;
  std::vector<WireMessages> parts_;
};

// `messages` must outlive the lanes and hold at least one message.
Lanes file_lanes(const FileMessages& messages);

// Decimal text of first, first + 1, ...; `framing` is length-prefixed or newline.
Lanes counter_lanes(std::uint64_t first, Framing::Kind framing, std::uint64_t lanes);

// Length-prefixed 8-byte big-endian integers first, first + 1, ...
Lanes u64_lanes(std::uint64_t first, std::uint64_t lanes);

// Stamped records (see stamp.hpp); message g carries start_ns + schedule.due_ns(g).
struct StampedMessages {
  StampedRecord record;
  Framing::Kind framing = Framing::Kind::kLengthPrefixed;
  Schedule schedule = Schedule::per_second(1, 1);
  std::uint64_t start_ns = 0;
};
Lanes stamped_lanes(const StampedMessages& messages, std::uint64_t lanes);

}  // namespace wallaroo::giles
