// Any bytes give the same records and the same end in whatever pieces they arrive, without a bad
// access.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/batch.hpp"
#include "source/frame_buffer.hpp"
#include "source/framer.hpp"

namespace {

using namespace wallaroo;
using namespace wallaroo::internal;

struct Outcome {
  std::vector<std::string> records;
  std::string error;
  std::string cut_off;
  bool operator==(const Outcome&) const = default;
};

/// Gives the fuzzer's first bytes a meaning; zero when they are used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t>& input) : input_(input) {}
  std::uint8_t next() {
    if (input_.empty()) {
      return 0;
    }
    const std::uint8_t choice = input_.front();
    input_ = input_.subspan(1);
    return choice;
  }

 private:
  std::span<const std::uint8_t>& input_;
};

/// A framer that answers with numbers taken from the bytes. They may be impossible, but are always
/// the same for the same bytes.
FrameStep untrustworthy(std::string_view bytes) {
  if (bytes.size() < 4) {
    return FrameStep::more();
  }
  const auto number = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (number(0) == 255) {
    return FrameStep::failed("refused");
  }
  if (number(0) == 254) {
    return FrameStep::found(number(1), SIZE_MAX - number(2), number(3));
  }
  // Like every correct framer, this one does not answer before it has seen the bytes that it
  // consumes.
  return bytes.size() < number(3) ? FrameStep::more()
                                  : FrameStep::found(number(1), number(2), number(3));
}

Framing choose_framing(std::uint8_t choice) {
  constexpr int widths[] = {1, 2, 4, 8};
  switch (choice % 11) {
    case 0:
      return Newline{};
    case 1:
      return FixedSize{1 + std::size_t{choice} / 11};
    case 2:
      return CustomFraming{untrustworthy};
    default:
      return LengthPrefix{widths[choice % 11 % 4],
                          choice % 11 < 7 ? ByteOrder::big : ByteOrder::little};
  }
}

/// Cuts the bytes, which are all there from the start, in calls of at most `max_frames`.
Outcome cut_whole(const Framer& framer, std::string_view bytes, std::size_t max_frames) {
  Outcome outcome;
  for (;;) {
    std::vector<std::string_view> frames;
    const Cut cut = framer.cut(bytes, max_frames, frames);
    outcome.records.insert(outcome.records.end(), frames.begin(), frames.end());
    if (cut.error) {
      outcome.error = *cut.error;
      return outcome;
    }
    bytes.remove_prefix(cut.consumed);
    if (cut.starved) {
      break;
    }
  }
  const StreamEnd end = framer.finish(bytes);
  if (end.record) {
    outcome.records.emplace_back(*end.record);
  }
  outcome.cut_off = end.cut_off.value_or("");
  return outcome;
}

/// Passes the bytes through a buffer as a socket would bring them, in pieces of the given sizes in
/// turn. Copies the records only at the end, so their memory must have been kept until then.
Outcome cut_in_pieces(const Framer& framer, std::string_view bytes,
                      const std::vector<std::size_t>& sizes) {
  Outcome outcome;
  BlockPool pool;
  FrameBuffer buffer(pool);
  FrameBatch all;
  const auto take = [&](FrameBatch& batch) {
    all.frames.insert(all.frames.end(), batch.frames.begin(), batch.frames.end());
    all.pins.insert(all.pins.end(), batch.pins.begin(), batch.pins.end());
  };
  for (std::size_t i = 0; !bytes.empty() && outcome.error.empty(); ++i) {
    const std::span<char> room = buffer.prepare();
    const std::size_t size = std::min({room.size(), bytes.size(), sizes[i % sizes.size()]});
    std::memcpy(room.data(), bytes.data(), size);
    buffer.commit(size);
    bytes.remove_prefix(size);
    while (!buffer.starved() && outcome.error.empty()) {
      FrameBatch batch;
      outcome.error = buffer.cut(framer, batch).error.value_or("");
      take(batch);
    }
  }
  if (outcome.error.empty()) {
    FrameBatch batch;
    outcome.cut_off = buffer.finish(framer, batch).cut_off.value_or("");
    take(batch);
  }
  outcome.records.assign(all.frames.begin(), all.frames.end());
  return outcome;
}

void require_same(const Outcome& whole, const Outcome& pieces) {
  if (whole == pieces) {
    return;
  }
  std::cerr << "whole: " << whole.records.size() << " records, error '" << whole.error
            << "', cut off '" << whole.cut_off << "'\npieces: " << pieces.records.size()
            << " records, error '" << pieces.error << "', cut off '" << pieces.cut_off << "'\n";
  std::abort();
}

/// An error quotes bytes of the stream. For a user's framer, and for bytes that look like HTTP,
/// these may be more or fewer, so only the fact of an error is compared there.
void forget_wording(Outcome& outcome) {
  if (!outcome.error.empty()) {
    outcome.error = "error";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> input(data, size);
  Choices choices(input);
  const Framing framing = choose_framing(choices.next());
  const Framer framer(framing, 32 + std::size_t{choices.next()});
  const std::size_t max_frames = 1 + choices.next() % 8;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 4; ++i) {
    sizes.push_back(1 + std::size_t{choices.next()} % 64);
  }
  const std::string bytes(input.begin(), input.end());
  Outcome whole = cut_whole(framer, bytes, max_frames);
  Outcome pieces = cut_in_pieces(framer, bytes, sizes);
  forget_wording(whole);
  forget_wording(pieces);
  require_same(whole, pieces);
  return 0;
}
