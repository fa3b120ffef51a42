#include "step/steps/decode_step.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::run_decoder;

using Texts = std::vector<std::string>;

TEST(Decoder, TakesTextOrBytes) {
  const Texts frames{"a", "", "long enough not to be held inside"};
  EXPECT_EQ(run_decoder(frames, [](std::string_view frame) { return std::string(frame); }).outputs,
            frames);
  const auto run =
      run_decoder(frames, [](std::span<const std::byte> frame) { return frame.size(); });
  EXPECT_EQ(run.outputs, (std::vector<std::size_t>{1, 0, frames[2].size()}));
  EXPECT_EQ(run.in, 3U);
  EXPECT_EQ(run.out, 3U);
}

TEST(Decoder, AnEmptyOptionalSkipsTheFrameWithoutAnError) {
  const auto run = run_decoder({"1", "#", "2"}, [](std::string_view frame) {
    return frame == "#" ? std::nullopt : std::optional<std::string>(frame);
  });
  EXPECT_EQ(run.outputs, (Texts{"1", "2"}));
  EXPECT_EQ(run.in, 3U);
  EXPECT_EQ(run.out, 2U);
  EXPECT_EQ(run.errors, 0U);
}

Decoded<int> parse(std::string_view frame) {
  if (frame == "#") {
    return Skip{};
  }
  if (frame.size() != 1) {
    return BadRecord{"not one digit"};
  }
  return frame[0] - '0';
}

TEST(Decoder, MaySkipOrRefuse) {
  const auto run = run_decoder({"1", "#", "xx", "2"}, &parse, {.on_error = OnError::skip});
  EXPECT_EQ(run.outputs, (std::vector<int>{1, 2}));
  EXPECT_EQ(run.in, 4U);
  EXPECT_EQ(run.out, 2U);
  EXPECT_EQ(run.errors, 1U);
  EXPECT_EQ(run.log, Texts{"stage 'stage' failed on record \"xx\" from peer, record 13: not one "
                           "digit; record skipped (1 so far on this executor)"});
}

TEST(Decoder, ABadRecordStopsByDefaultNamingPeerAndPosition) {
  const auto run = run_decoder({"1", "\xff\n"}, &parse);
  EXPECT_EQ(run.outputs, std::vector<int>{1});
  EXPECT_NE(run.stopped.find("record \"\\xff\\n\" from peer, record 12: not one digit"),
            std::string::npos)
      << run.stopped;
}

TEST(Decoder, ThrowingIsABadRecordWithTheFramesBytesAsDeadLetter) {
  const auto run = run_decoder({"1", std::string("\0x", 2), "3"},
                               [](std::string_view frame) {
                                 return frame.size() == 1 ? std::string(frame)
                                                          : throw std::runtime_error("too long");
                               },
                               {.on_error = OnError::dead_letter});
  EXPECT_EQ(run.outputs, (Texts{"1", "3"}));
  EXPECT_EQ(run.in, 3U);
  EXPECT_EQ(run.out, 2U);
  ASSERT_EQ(run.dead_letters.size(), 1U);
  EXPECT_EQ(run.dead_letters[0].record, std::string("\0x", 2));
  EXPECT_EQ(run.dead_letters[0].error, "too long");
  EXPECT_EQ(run.dead_letters[0].origin, "peer, record 12");
}

TEST(Decoder, AnErrorOfAVeryLongRecordShowsItsStart) {
  const auto run = run_decoder({std::string(5000, 'x')}, &parse);
  EXPECT_NE(run.stopped.find("... (5000 bytes in all)"), std::string::npos);
  EXPECT_LT(run.stopped.size(), 500U);
}

TEST(Decoder, AFloodOfBadRecordsDoesNotFloodTheLog) {
  const auto run = run_decoder(Texts(1000, "bad"), &parse, {.on_error = OnError::skip});
  EXPECT_EQ(run.errors, 1000U);
  EXPECT_LT(run.log.size(), 20U);
}

}  // namespace
}  // namespace wallaroo::internal
