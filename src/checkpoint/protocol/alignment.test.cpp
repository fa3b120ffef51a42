#include "checkpoint/protocol/alignment.hpp"

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "checkpoint/protocol/table_walk.rig.hpp"

namespace wallaroo::internal {
namespace {

using Change = std::function<void(Alignment&)>;
using Named = std::pair<std::string, Change>;

Change request(std::uint64_t n) {
  return [n](Alignment& a) { a.on_request(n); };
}
Change barrier(std::size_t input, std::uint64_t n) {
  return [=](Alignment& a) { a.on_barrier(input, n); };
}
Change end(std::size_t input) {
  return [input](Alignment& a) { a.on_end(input); };
}
Change abandon(std::uint64_t n) {
  return [n](Alignment& a) { a.on_abandon(n); };
}
Change all(std::vector<Change> changes) {
  return [changes](Alignment& a) {
    for (const Change& change : changes) {
      change(a);
    }
  };
}

/// "waiting(5) h--": the pending number, and the inputs that are held.
std::string describe(const Alignment& alignment) {
  std::ostringstream text;
  if (alignment.pending() == 0) {
    text << "none      ";
  } else {
    text << (alignment.aligned() ? "aligned(" : "waiting(") << alignment.pending() << ")";
  }
  text << " ";
  for (std::size_t input = 0; input != 3; ++input) {
    text << (alignment.holds(input) ? "h" : "-");
  }
  text << (alignment.ended() ? " ended" : "");
  return text.str();
}

/// Empty when nothing has changed.
std::string outcome(Alignment& alignment, const Change& message) {
  const std::string before = describe(alignment);
  message(alignment);
  const std::string after = describe(alignment);
  return after == before ? "" : after;
}

/// In every state the checkpoints up to 3 are settled.
std::vector<Named> states() {
  const Change settled = all({barrier(0, 3), abandon(3)});
  const Change all_end = all({end(0), end(1), end(2)});
  return {
      {"none", settled},
      {"none, others ended", all({settled, end(1), end(2)})},
      {"none, all ended", all({settled, all_end})},
      {"requested", all({settled, request(5)})},
      {"waiting", all({settled, barrier(0, 5)})},
      {"waiting for one", all({settled, barrier(0, 5), end(2)})},
      {"aligned", all({settled, barrier(0, 5), barrier(1, 5), barrier(2, 5)})},
      {"aligned, all ended", all({settled, all_end, request(5)})},
  };
}

std::vector<Named> messages() {
  return {{"request 3", request(3)},
          {"request 4", request(4)},
          {"request 5", request(5)},
          {"request 6", request(6)},
          {"barrier 3 on 0", barrier(0, 3)},
          {"barrier 4 on 0", barrier(0, 4)},
          {"barrier 5 on 0", barrier(0, 5)},
          {"barrier 6 on 0", barrier(0, 6)},
          {"barrier 3 on 1", barrier(1, 3)},
          {"barrier 4 on 1", barrier(1, 4)},
          {"barrier 5 on 1", barrier(1, 5)},
          {"barrier 6 on 1", barrier(1, 6)},
          {"end of 0", end(0)},
          {"end of 1", end(1)},
          {"abandon 3", abandon(3)},
          {"abandon 4", abandon(4)},
          {"abandon 5", abandon(5)},
          {"abandon 6", abandon(6)},
          {"take", [](Alignment& a) { a.take(); }}};
}

// Messages that are not listed change nothing.
const char* const table = R"(
none: none       ---
  request 4       waiting(4) ---
  request 5       waiting(5) ---
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 4 on 0  waiting(4) h--
  barrier 5 on 0  waiting(5) h--
  barrier 6 on 0  waiting(6) h--
  barrier 4 on 1  waiting(4) -h-
  barrier 5 on 1  waiting(5) -h-
  barrier 6 on 1  waiting(6) -h-
  take            broken
none, others ended: none       ---
  request 4       waiting(4) ---
  request 5       waiting(5) ---
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 4 on 0  aligned(4) h--
  barrier 5 on 0  aligned(5) h--
  barrier 6 on 0  aligned(6) h--
  barrier 3 on 1  broken
  barrier 4 on 1  broken
  barrier 5 on 1  broken
  barrier 6 on 1  broken
  end of 0        none       --- ended
  end of 1        broken
  take            broken
none, all ended: none       --- ended
  request 4       aligned(4) --- ended
  request 5       aligned(5) --- ended
  request 6       aligned(6) --- ended
  barrier 3 on 0  broken
  barrier 4 on 0  broken
  barrier 5 on 0  broken
  barrier 6 on 0  broken
  barrier 3 on 1  broken
  barrier 4 on 1  broken
  barrier 5 on 1  broken
  barrier 6 on 1  broken
  end of 0        broken
  end of 1        broken
  take            broken
requested: waiting(5) ---
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 5 on 0  waiting(5) h--
  barrier 6 on 0  waiting(6) h--
  barrier 5 on 1  waiting(5) -h-
  barrier 6 on 1  waiting(6) -h-
  abandon 5       none       ---
  abandon 6       none       ---
  take            broken
waiting: waiting(5) h--
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 4 on 0  broken
  barrier 5 on 0  broken
  barrier 6 on 0  broken
  barrier 5 on 1  waiting(5) hh-
  barrier 6 on 1  waiting(6) -h-
  end of 0        broken
  abandon 5       none       ---
  abandon 6       none       ---
  take            broken
waiting for one: waiting(5) h--
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 4 on 0  broken
  barrier 5 on 0  broken
  barrier 6 on 0  broken
  barrier 5 on 1  aligned(5) hh-
  barrier 6 on 1  waiting(6) -h-
  end of 0        broken
  end of 1        aligned(5) h--
  abandon 5       none       ---
  abandon 6       none       ---
  take            broken
aligned: aligned(5) hhh
  request 6       waiting(6) ---
  barrier 3 on 0  broken
  barrier 4 on 0  broken
  barrier 5 on 0  broken
  barrier 6 on 0  broken
  barrier 3 on 1  broken
  barrier 4 on 1  broken
  barrier 5 on 1  broken
  barrier 6 on 1  broken
  end of 0        broken
  end of 1        broken
  abandon 5       none       ---
  abandon 6       none       ---
  take            none       ---
aligned, all ended: aligned(5) --- ended
  request 6       aligned(6) --- ended
  barrier 3 on 0  broken
  barrier 4 on 0  broken
  barrier 5 on 0  broken
  barrier 6 on 0  broken
  barrier 3 on 1  broken
  barrier 4 on 1  broken
  barrier 5 on 1  broken
  barrier 6 on 1  broken
  end of 0        broken
  end of 1        broken
  abandon 5       none       --- ended
  abandon 6       none       --- ended
  take            none       --- ended
)";

TEST(Alignment, EveryMessageInEveryStateHasItsOutcome) {
  const auto reach = [](const Change& way) {
    Alignment alignment(3);
    way(alignment);
    return alignment;
  };
  EXPECT_EQ(walk(states(), messages(), TableWalk{reach, describe, outcome}), table);
}

TEST(Alignment, AnInputThatDeliveredWaitsForTheOthersAndGoesOnWhenTaken) {
  Alignment alignment(2);
  alignment.on_barrier(1, 1);
  EXPECT_TRUE(alignment.holds(1));
  EXPECT_FALSE(alignment.holds(0));
  EXPECT_FALSE(alignment.aligned());
  alignment.on_barrier(0, 1);
  EXPECT_EQ(alignment.aligned(), 1u);
  EXPECT_TRUE(alignment.holds(0));
  alignment.take();
  EXPECT_FALSE(alignment.aligned());
  EXPECT_FALSE(alignment.holds(0));
  EXPECT_FALSE(alignment.holds(1));
}

TEST(Alignment, BarriersOfAnAbandonedCheckpointAreSwallowed) {
  Alignment alignment(2);
  alignment.on_barrier(0, 1);
  alignment.on_abandon(1);
  alignment.on_barrier(0, 2);
  alignment.on_barrier(1, 1);
  EXPECT_FALSE(alignment.holds(1));
  EXPECT_EQ(alignment.pending(), 2u);
  alignment.on_barrier(1, 2);
  EXPECT_EQ(alignment.aligned(), 2u);
}

TEST(Alignment, ABarrierOvertakenByTheNextCheckpointIsSwallowed) {
  Alignment alignment(2);
  alignment.on_barrier(0, 1);
  alignment.on_barrier(1, 2);  // 1 was abandoned; `on_abandon` comes late
  EXPECT_FALSE(alignment.holds(0));
  alignment.on_abandon(1);
  EXPECT_TRUE(alignment.holds(1));
  alignment.on_request(1);
  EXPECT_EQ(alignment.pending(), 2u);
  alignment.on_barrier(0, 2);
  EXPECT_EQ(alignment.aligned(), 2u);
}

TEST(Alignment, ARequestThatComesAfterTheBarriersWereTakenIsIgnored) {
  Alignment alignment(1);
  alignment.on_barrier(0, 1);
  alignment.take();
  alignment.on_request(1);
  EXPECT_EQ(alignment.pending(), 0u);
  alignment.on_end(0);
  EXPECT_FALSE(alignment.aligned());
}

TEST(Alignment, WhereAllInputsHaveEndedOnlyARequestMakesACheckpoint) {
  Alignment alignment(2);
  alignment.on_end(0);
  alignment.on_end(1);
  EXPECT_TRUE(alignment.ended());
  EXPECT_FALSE(alignment.aligned());
  for (std::uint64_t n = 1; n != 4; ++n) {
    alignment.on_request(n);
    EXPECT_EQ(alignment.aligned(), n);
    alignment.take();
  }
}

TEST(Alignment, BarriersOfOneInputOnlyRise) {
  for (const std::uint64_t n : {3, 4}) {
    Alignment alignment(2);
    alignment.on_barrier(0, 4);
    alignment.on_abandon(4);
    EXPECT_THROW(alignment.on_barrier(0, n), std::logic_error) << n;
  }
}

}  // namespace
}  // namespace wallaroo::internal
