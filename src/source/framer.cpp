#include "source/framer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/stage_failure.hpp"

namespace wallaroo::internal {
namespace {

using Frames = std::vector<std::string_view>;

/// The arguments of one `cut` call.
struct Input {
  std::string_view bytes;
  std::size_t max_frames;
  std::size_t max_frame_bytes;
  std::size_t searched;
};

template <class Integer>
std::uint64_t load(const char* from, ByteOrder order) {
  Integer value;
  std::memcpy(&value, from, sizeof(value));
  const bool swap = (order == ByteOrder::big) == (std::endian::native == std::endian::little);
  if constexpr (sizeof(Integer) == 2) {
    value = swap ? __builtin_bswap16(value) : value;
  } else if constexpr (sizeof(Integer) == 4) {
    value = swap ? __builtin_bswap32(value) : value;
  } else if constexpr (sizeof(Integer) == 8) {
    value = swap ? __builtin_bswap64(value) : value;
  }
  return value;
}

std::uint64_t load_length(const char* from, LengthPrefix prefix) {
  switch (prefix.bytes) {
    case 1:
      return load<std::uint8_t>(from, prefix.order);
    case 2:
      return load<std::uint16_t>(from, prefix.order);
    case 4:
      return load<std::uint32_t>(from, prefix.order);
    default:
      return load<std::uint64_t>(from, prefix.order);
  }
}

bool looks_like_http(std::string_view bytes) {
  constexpr std::array<std::string_view, 8> starts{"GET ",   "POST",  "PUT ",  "HEAD",
                                                   "DELETE", "OPTIO", "PATCH", "HTTP"};
  return bytes.size() >= 4 && std::any_of(starts.begin(), starts.end(), [&](std::string_view s) {
           return bytes.substr(0, 4) == s.substr(0, 4);
         });
}

std::string too_long(std::uint64_t length, std::size_t max_frame_bytes, std::string_view bytes) {
  return fmt::format(
      "a record length of {} bytes is above the maximum of {}{}", length, max_frame_bytes,
      looks_like_http(bytes) ? "; the bytes look like HTTP: is an HTTP client talking to this port?"
                             : "");
}

template <class Integer>
Cut cut_length_prefixed(ByteOrder order, const Input& input, Frames& frames) {
  constexpr std::size_t width = sizeof(Integer);
  Cut result;
  std::size_t at = 0;
  for (std::size_t count = 0; count < input.max_frames; ++count) {
    const std::size_t left = input.bytes.size() - at;
    if (left < width) {
      result.starved = true;
      result.needed_bytes = width;
      break;
    }
    const std::uint64_t length = load<Integer>(input.bytes.data() + at, order);
    if (length > input.max_frame_bytes) [[unlikely]] {
      result.error = too_long(length, input.max_frame_bytes, input.bytes.substr(at));
      break;
    }
    if (length > left - width) {
      result.starved = true;
      result.needed_bytes = width + length;
      break;
    }
    frames.emplace_back(input.bytes.data() + at + width, length);
    at += width + length;
  }
  result.consumed = at;
  return result;
}

Cut cut_frames(const LengthPrefix& prefix, const Input& input, Frames& frames) {
  switch (prefix.bytes) {
    case 1:
      return cut_length_prefixed<std::uint8_t>(prefix.order, input, frames);
    case 2:
      return cut_length_prefixed<std::uint16_t>(prefix.order, input, frames);
    case 4:
      return cut_length_prefixed<std::uint32_t>(prefix.order, input, frames);
    default:
      return cut_length_prefixed<std::uint64_t>(prefix.order, input, frames);
  }
}

std::string line_too_long(std::size_t max_frame_bytes) {
  return fmt::format("a line is longer than the maximum of {} bytes", max_frame_bytes);
}

std::string_view without_carriage_return(std::string_view line) {
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

Cut cut_frames(const Newline&, const Input& input, Frames& frames) {
  Cut result;
  const char* const end = input.bytes.data() + input.bytes.size();
  const char* at = input.bytes.data();
  std::size_t searched = std::min(input.searched, input.bytes.size());
  for (std::size_t count = 0; count < input.max_frames; ++count) {
    const auto left = static_cast<std::size_t>(end - at);
    const auto* found =
        left == searched
            ? nullptr
            : static_cast<const char*>(std::memchr(at + searched, '\n', left - searched));
    searched = 0;
    if (found == nullptr) {
      result.starved = true;
      result.searched_bytes = left;
      // A '\r' at the end may be half of the line end.
      if (without_carriage_return({at, left}).size() > input.max_frame_bytes) {
        result.error = line_too_long(input.max_frame_bytes);
      }
      break;
    }
    const std::string_view line = without_carriage_return({at, found});
    if (line.size() > input.max_frame_bytes) [[unlikely]] {
      result.error = line_too_long(input.max_frame_bytes);
      break;
    }
    frames.push_back(line);
    at = found + 1;
  }
  result.consumed = static_cast<std::size_t>(at - input.bytes.data());
  return result;
}

Cut cut_frames(const FixedSize& fixed, const Input& input, Frames& frames) {
  Cut result;
  const std::size_t count = std::min(input.bytes.size() / fixed.bytes, input.max_frames);
  for (std::size_t i = 0; i < count; ++i) {
    frames.emplace_back(input.bytes.data() + i * fixed.bytes, fixed.bytes);
  }
  result.consumed = count * fixed.bytes;
  result.starved = count < input.max_frames;
  result.needed_bytes = result.starved ? fixed.bytes : 0;
  return result;
}

/// Says why a user's answer about `available` bytes cannot be true, or must not be followed.
std::optional<std::string> objection(const FrameStep& step, std::size_t available,
                                     std::size_t max_frame_bytes) {
  const std::size_t most = max_frame_bytes + max_custom_overhead_bytes;
  switch (step.kind) {
    case FrameStep::Kind::error:
      return step.error.empty() ? "the framer refused the bytes" : step.error;
    case FrameStep::Kind::need_more:
      if (available >= most) {
        return fmt::format("the framer found no record in {} bytes; the maximum is {}", most,
                           max_frame_bytes);
      }
      return std::nullopt;
    case FrameStep::Kind::frame:
      break;
  }
  if (step.consumed < 1 || step.consumed > available || step.offset > step.consumed ||
      step.length > step.consumed - step.offset) {
    return fmt::format(
        "the framer's answer is impossible: a record of {} bytes at offset {}, {} consumed, of "
        "{} bytes given",
        step.length, step.offset, step.consumed, available);
  }
  if (step.length > max_frame_bytes || step.consumed > most) {
    return fmt::format(
        "a record of {} bytes ({} with what surrounds it) is above the maximum of {}", step.length,
        step.consumed, max_frame_bytes);
  }
  return std::nullopt;
}

FrameStep ask_user(const CustomFraming& custom, std::string_view bytes) {
  try {
    return custom.next(bytes);
  } catch (const StageFailure&) {
    throw;
  } catch (const std::exception& error) {
    return FrameStep::failed(fmt::format("the framer threw an exception: {}", error.what()));
  } catch (...) {
    return FrameStep::failed("the framer threw an exception");
  }
}

Cut cut_frames(const CustomFraming& custom, const Input& input, Frames& frames) {
  Cut result;
  for (std::size_t count = 0; count < input.max_frames; ++count) {
    const std::string_view rest = input.bytes.substr(result.consumed);
    if (rest.empty()) {
      result.starved = true;
      break;
    }
    FrameStep step = ask_user(custom, rest);
    result.error = objection(step, rest.size(), input.max_frame_bytes);
    if (result.error) {
      break;
    }
    if (step.kind == FrameStep::Kind::need_more) {
      result.starved = true;
      break;
    }
    frames.push_back(rest.substr(step.offset, step.length));
    result.consumed += step.consumed;
  }
  return result;
}

std::string missing_bytes(std::string_view where, std::size_t present, std::uint64_t expected) {
  return fmt::format("ended inside {}: {} of {} bytes are missing", where, expected - present,
                     expected);
}

StreamEnd end_of(const LengthPrefix& prefix, std::string_view rest) {
  const auto width = static_cast<std::size_t>(prefix.bytes);
  if (rest.size() < width) {
    return {.cut_off = missing_bytes("a length prefix", rest.size(), width)};
  }
  return {.cut_off =
              missing_bytes("a record", rest.size() - width, load_length(rest.data(), prefix))};
}

StreamEnd end_of(const Newline&, std::string_view rest) {
  return {.record = without_carriage_return(rest)};
}

StreamEnd end_of(const FixedSize& fixed, std::string_view rest) {
  return {.cut_off = missing_bytes("a record", rest.size(), fixed.bytes)};
}

StreamEnd end_of(const CustomFraming&, std::string_view rest) {
  return {.cut_off = fmt::format("ended inside a record: the framer wanted more than the last "
                                 "{} bytes",
                                 rest.size())};
}

void check_framing(const LengthPrefix& prefix, std::size_t) {
  if (prefix.bytes != 1 && prefix.bytes != 2 && prefix.bytes != 4 && prefix.bytes != 8) {
    throw ConfigError(fmt::format("a length prefix has 1, 2, 4 or 8 bytes, not {}", prefix.bytes));
  }
}

void check_framing(const Newline&, std::size_t) {}

void check_framing(const FixedSize& fixed, std::size_t max_frame_bytes) {
  if (fixed.bytes == 0) {
    throw ConfigError("records of a fixed size need a size of at least 1 byte");
  }
  if (fixed.bytes > max_frame_bytes) {
    throw ConfigError(fmt::format("the fixed record size of {} bytes is above max_frame_bytes, {}",
                                  fixed.bytes, max_frame_bytes));
  }
}

void check_framing(const CustomFraming& custom, std::size_t) {
  if (!custom.next) {
    throw ConfigError("a custom framing needs a function");
  }
}

}  // namespace

Framer::Framer(Framing framing, std::size_t max_frame_bytes)
    : framing_(std::move(framing)), max_frame_bytes_(max_frame_bytes) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 4;
  if (max_frame_bytes < 1 || max_frame_bytes > most) {
    throw ConfigError(
        fmt::format("max_frame_bytes must be from 1 to {}, not {}", most, max_frame_bytes));
  }
  std::visit([&](const auto& kind) { check_framing(kind, max_frame_bytes); }, framing_);
}

Cut Framer::cut(std::string_view unconsumed, std::size_t max_frames, Frames& frames,
                std::size_t searched) const {
  const Input input{unconsumed, max_frames, max_frame_bytes_, searched};
  return std::visit([&](const auto& kind) { return cut_frames(kind, input, frames); }, framing_);
}

StreamEnd Framer::finish(std::string_view rest) const {
  if (rest.empty()) {
    return {};
  }
  return std::visit([&](const auto& kind) { return end_of(kind, rest); }, framing_);
}

}  // namespace wallaroo::internal
