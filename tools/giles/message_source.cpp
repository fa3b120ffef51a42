#include "giles/message_source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "giles/big_endian.hpp"

namespace wallaroo::giles {
namespace {

constexpr std::uint64_t kFileChunkBytes = std::uint64_t{1} << 20;
constexpr std::size_t kGeneratedChunkBytes = std::size_t{1} << 18;
// With more lanes than this, each lane keeps fewer messages ready, so that memory stays bounded.
constexpr std::uint64_t kLanesWithFullChunks = 16;
constexpr std::size_t kLongestDecimal = std::numeric_limits<std::uint64_t>::digits10 + 1;

class FileLane : public Lane {
 public:
  FileLane(const FileMessages& messages, std::uint64_t lane) : messages_(messages), lane_(lane) {}

  Chunk next(std::uint64_t max_messages) override {
    while (next_message_ == part().count()) {
      ++pass_;
      next_message_ = 0;
    }
    const WireMessages& from = part();
    const std::uint64_t begin = next_message_ == 0 ? 0 : from.ends[next_message_ - 1];
    const std::uint64_t left = from.count() - next_message_;
    const auto first = from.ends.begin() + static_cast<std::ptrdiff_t>(next_message_);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(left, max_messages));
    const auto fitting = std::upper_bound(first + 1, last, begin + kFileChunkBytes);
    const auto messages = static_cast<std::uint64_t>(fitting - first);
    next_message_ += messages;
    return {std::string_view(from.bytes).substr(begin, *(fitting - 1) - begin), messages};
  }

 private:
  // When a pass is not a multiple of the lanes, the deal of the next one begins at another lane.
  const WireMessages& part() const {
    const std::uint64_t lanes = messages_.parts().size();
    const std::uint64_t dealt_before = (pass_ % lanes) * (messages_.pass_count() % lanes) % lanes;
    return messages_.parts()[(lane_ + lanes - dealt_before) % lanes];
  }

  const FileMessages& messages_;
  std::uint64_t lane_;
  std::uint64_t pass_ = 0;
  std::uint64_t next_message_ = 0;  // index in part()
};

// Writes messages with `Write`, which has max_bytes and `char* operator()(std::uint64_t g, char*)`.
template <typename Write>
class GeneratedLane : public Lane {
 public:
  GeneratedLane(Write write, std::uint64_t lane, std::uint64_t lanes)
      : write_(std::move(write)),
        next_index_(lane),
        lanes_(lanes),
        buffer_(std::max(chunk_bytes(lanes), write_.max_bytes)) {}

  Chunk next(std::uint64_t max_messages) override {
    const std::uint64_t fitting = buffer_.size() / write_.max_bytes;
    const std::uint64_t messages = std::min(fitting, max_messages);
    char* out = buffer_.data();
    for (std::uint64_t i = 0; i < messages; ++i, next_index_ += lanes_) {
      out = write_(next_index_, out);
    }
    return {{buffer_.data(), static_cast<std::size_t>(out - buffer_.data())}, messages};
  }

 private:
  static std::size_t chunk_bytes(std::uint64_t lanes) {
    return kGeneratedChunkBytes * kLanesWithFullChunks / std::max(lanes, kLanesWithFullChunks);
  }

  Write write_;
  std::uint64_t next_index_;
  std::uint64_t lanes_;
  std::vector<char> buffer_;
};

template <typename Write>
Lanes generated_lanes(const Write& write, std::uint64_t count) {
  Lanes lanes;
  for (std::uint64_t lane = 0; lane < count; ++lane) {
    lanes.push_back(std::make_unique<GeneratedLane<Write>>(write, lane, count));
  }
  return lanes;
}

struct WriteCounter {
  std::uint64_t first;
  bool newline;
  std::size_t max_bytes = kLengthBytes + kLongestDecimal;

  char* operator()(std::uint64_t index, char* out) const {
    char* const text = newline ? out : out + kLengthBytes;
    char* const end = std::to_chars(text, text + kLongestDecimal, first + index).ptr;
    if (newline) {
      *end = '\n';
      return end + 1;
    }
    put_u32_be(static_cast<std::uint32_t>(end - text), out);
    return end;
  }
};

struct WriteU64 {
  std::uint64_t first;
  std::size_t max_bytes = kLengthBytes + sizeof(std::uint64_t);

  char* operator()(std::uint64_t index, char* out) const {
    put_u32_be(sizeof(std::uint64_t), out);
    put_u64_be(first + index, out + kLengthBytes);
    return out + max_bytes;
  }
};

struct WriteStamped {
  StampedMessages messages;
  bool newline;
  std::size_t max_bytes;

  char* operator()(std::uint64_t index, char* out) const {
    const std::size_t size = messages.record.size_bytes;
    char* const text = newline ? out : out + kLengthBytes;
    const std::uint64_t stamp_ns = messages.start_ns + messages.schedule.due_ns(index);
    write_stamped_record(messages.record, index, stamp_ns, text);
    if (newline) {
      text[size] = '\n';
    } else {
      put_u32_be(static_cast<std::uint32_t>(size), out);
    }
    return out + max_bytes;
  }
};

}  // namespace

FileMessages::FileMessages(WireMessages messages, std::uint64_t lanes, bool repeat)
    : count_(messages.count()), pass_count_(count_) {
  if (repeat && count_ > 0) {
    const std::string once = messages.bytes;
    const std::uint64_t wanted_bytes = kFileChunkBytes * std::min(lanes, kLanesWithFullChunks);
    while (messages.bytes.size() < wanted_bytes) {
      const std::uint64_t shift = messages.bytes.size();
      messages.bytes += once;
      for (std::uint64_t i = 0; i < count_; ++i) messages.ends.push_back(messages.ends[i] + shift);
    }
    pass_count_ = messages.count();
  }
  parts_ = deal_round_robin(std::move(messages), lanes);
}

Lanes file_lanes(const FileMessages& messages) {
  Lanes lanes;
  for (std::uint64_t lane = 0; lane < messages.parts().size(); ++lane) {
    lanes.push_back(std::make_unique<FileLane>(messages, lane));
  }
  return lanes;
}

Lanes counter_lanes(std::uint64_t first, Framing::Kind framing, std::uint64_t lanes) {
  return generated_lanes(WriteCounter{first, framing == Framing::Kind::kNewline}, lanes);
}

Lanes u64_lanes(std::uint64_t first, std::uint64_t lanes) {
  return generated_lanes(WriteU64{first}, lanes);
}

Lanes stamped_lanes(const StampedMessages& messages, std::uint64_t lanes) {
  const bool newline = messages.framing == Framing::Kind::kNewline;
  const std::size_t framing_bytes = newline ? 1 : kLengthBytes;
  return generated_lanes(
      WriteStamped{messages, newline, messages.record.size_bytes + framing_bytes}, lanes);
}

}  // namespace wallaroo::giles
