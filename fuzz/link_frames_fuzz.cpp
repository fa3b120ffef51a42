// Any bytes are either frames, which are the same however the bytes arrive, or a FrameError.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "link/channels/frame.hpp"
#include "link/hello.hpp"

namespace {

using namespace wallaroo::internal;
using namespace wallaroo::internal::link;

/// What the frames say, as bytes again. A checksum cannot be guessed, so the frames of the input
/// get theirs first.
std::string with_checksums(std::string_view bytes) {
  StoredWriter out;
  while (bytes.size() >= 4) {
    const auto size = static_cast<std::uint8_t>(bytes[1]);
    const auto channel = static_cast<std::uint8_t>(bytes[2]);
    FrameHead head;
    head.channel = channel;
    head.records = static_cast<std::uint8_t>(bytes[3]);
    const std::string_view body = bytes.substr(4, size);
    switch (bytes[0] % 8) {
      case 0:
        put_open(channel, {channel, size}, out);
        break;
      case 1:
        put_data(
            head, {{1, false}, 2, ""},
            [&](StoredWriter& to) { to.put_bytes(body.data(), body.size()); }, out);
        break;
      case 2:
        put_barrier(channel, {{size, false}, {size, false}}, out);
        break;
      case 3:
        put_credit(channel, {size, size}, out);
        break;
      case 4:
        put_wish(channel, size, out);
        break;
      case 5:
        put_ping(size, out);
        break;
      case 6:
        put_end(channel, out);
        break;
      default:
        out.put_bytes(body.data(), body.size());
    }
    bytes.remove_prefix(std::min(bytes.size(), 4 + body.size()));
  }
  return out.take();
}

std::string what_is_read(const Frame& frame) {
  std::string read(1, static_cast<char>(frame.head.kind));
  try {
    if (frame.head.kind == FrameKind::open) {
      read += std::to_string(read_open(frame).to);
    } else if (frame.head.kind == FrameKind::data) {
      read += read_data(frame).records;
    } else if (frame.head.kind == FrameKind::barrier) {
      read += std::to_string(read_barrier(frame).barrier.checkpoint);
    } else if (frame.head.kind == FrameKind::credit) {
      read += std::to_string(read_credit(frame).limit);
    } else if (frame.head.kind == FrameKind::ping || frame.head.kind == FrameKind::pong) {
      read += std::to_string(read_time(frame));
    }
  } catch (const FrameError& error) {
    read += error.what();
  }
  return read;
}

std::vector<std::string> cut(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> found;
  try {
    FrameCutter cutter;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      cutter.take(bytes.substr(at, piece),
                  [&](const Frame& frame) { found.push_back(what_is_read(frame)); });
    }
  } catch (const FrameError& error) {
    found.emplace_back(error.what());
  }
  return found;
}

void read_hello(std::string_view bytes) {
  const Nonce nonce{};
  try {
    decode_greeting(bytes);
    decode_hello(bytes, nonce, "token");
  } catch (const HelloError&) {
  }
  try {
    if (const auto size = answer_bytes(bytes); size && *size <= bytes.size()) {
      decode_answer(bytes.substr(0, *size), {nonce, nonce}, "token");
    }
  } catch (const HelloError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_hello(bytes);
  for (const std::string& stream : {std::string(bytes), with_checksums(bytes)}) {
    if (cut(stream, stream.size() + 1) != cut(stream, 7)) {
      std::abort();
    }
  }
  return 0;
}
