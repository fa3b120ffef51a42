#include "source/connector/stream_registry.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/error.hpp>

#include "base/check.hpp"

namespace wallaroo::internal {
namespace {

// A position: the last message's id in 8 bytes, big-endian, and the stream's name. Its partition is
// the stream's id, followed by this when the stream had ended.
constexpr std::string_view ended_mark = " ended";

std::string encode_position(std::uint64_t last, const std::string& name) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(last >> shift));
  }
  return bytes + name;
}

struct SavedStream {
  std::uint64_t id = 0;
  std::uint64_t last = 0;
  std::string name;
  bool ended = false;
};

SavedStream decode_position(const SourcePosition& position) {
  SavedStream stream;
  const char* const begin = position.partition.data();
  const char* const end = begin + position.partition.size();
  const auto [rest, error] = std::from_chars(begin, end, stream.id);
  stream.ended = std::string_view(rest, end) == ended_mark;
  ByteReader reader(position.bytes);
  stream.last = reader.big_endian<std::uint64_t>();
  if (error != std::errc() || (rest != end && !stream.ended) || !reader.ok()) {
    throw ConfigError(
        fmt::format("the checkpoint's position '{}' ({} bytes) is not that of a connector's "
                    "stream: was the source of another kind when the checkpoint was made?",
                    position.partition, position.bytes.size()));
  }
  stream.name = reader.text(reader.remaining());
  return stream;
}

}  // namespace

StreamRegistry::Claim StreamRegistry::claim(std::size_t executor, std::uint64_t stream,
                                            const std::string& name) {
  const std::lock_guard lock(mutex_);
  Stream& entry = streams_[stream];
  if (!may_open(executor, entry)) {
    return {};
  }
  const bool was_awaited = awaited(entry);
  entry.name = name;
  entry.open = true;
  entry.ended = false;
  entry.home = executor;
  return {true, entry.last, was_awaited};
}

bool StreamRegistry::may_open(std::size_t executor, const Stream& stream) const {
  if (stream.open) {
    return false;
  }
  const bool at_home = stream.home == executor;
  if (begun_ > completed_ && stream.last != nothing) {
    const bool before_barrier = last_saved_[executor] != begun_;
    const bool reported = stream.reported_in == begun_;
    // Its next messages would be part of the checkpoint, but its position does not include them.
    if (reported && before_barrier) {
      return false;
    }
    // Nobody would report its position: its old executor has it no more, and this one has reported.
    if (!reported && !before_barrier && !at_home) {
      return false;
    }
  }
  return !stream.home || at_home || may_move(stream);
}

bool StreamRegistry::may_move(const Stream& stream) const {
  return !checkpoints_ || stream.last == stream.settled;
}

void StreamRegistry::release(const StreamProgress& place) {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(place.stream);
  check(found != streams_.end() && found->second.open, "only an open stream is released");
  found->second.open = false;
  found->second.last = place.last;
  found->second.ended = place.ended;
  if (place.last == nothing) {
    streams_.erase(found);
  }
}

std::vector<std::uint64_t> StreamRegistry::awaited() {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> all;
  for (const auto& [id, stream] : streams_) {
    if (awaited(stream)) {
      all.push_back(id);
    }
  }
  return all;
}

bool StreamRegistry::is_awaited(std::uint64_t stream) {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(stream);
  return found != streams_.end() && awaited(found->second);
}

std::vector<SourcePosition> StreamRegistry::save(std::size_t executor, std::uint64_t number,
                                                 std::span<const StreamProgress> open) {
  const std::lock_guard lock(mutex_);
  for (const StreamProgress& place : open) {
    Stream& stream = streams_.at(place.stream);
    stream.last = place.last;
    stream.ended = place.ended;
  }
  // If others have begun a later checkpoint, this one has failed, and the result is of no use.
  begun_ = std::max(begun_, number);
  last_saved_[executor] = std::max(last_saved_[executor], number);
  std::vector<SourcePosition> positions;
  for (auto& [id, stream] : streams_) {
    const bool own = stream.home == executor;
    const bool settled = !stream.open && (!stream.home || may_move(stream));
    if ((own || settled) && stream.last != nothing && stream.reported_in < number) {
      stream.reported_in = number;
      stream.reported = stream.last;
      positions.push_back({std::to_string(id) + std::string(stream.ended ? ended_mark : ""),
                           encode_position(stream.last, stream.name)});
    }
  }
  return positions;
}

void StreamRegistry::completed(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (number <= completed_) {
    return;
  }
  completed_ = number;
  for (auto& [id, stream] : streams_) {
    if (stream.reported_in == number) {
      stream.settled = stream.reported;
    }
  }
}

void StreamRegistry::restore(const std::vector<SourcePosition>& positions) {
  const std::lock_guard lock(mutex_);
  for (const SourcePosition& position : positions) {
    SavedStream saved = decode_position(position);
    Stream& stream = streams_[saved.id];
    stream.name = std::move(saved.name);
    stream.last = saved.last;
    stream.settled = saved.last;
    stream.ended = saved.ended;
  }
}

}  // namespace wallaroo::internal
