#include "checkpoint/protocol/store_claim.hpp"

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "checkpoint/protocol/table_walk.rig.hpp"

namespace wallaroo::internal {
namespace {

using Phase = StoreClaim::Phase;
using Event = std::function<ClaimDecisions(StoreClaim&)>;
using Named = std::pair<std::string, Event>;

std::string text_of(const claim::List&) { return "List"; }
std::string text_of(const claim::CreateVoid& d) { return fmt::format("CreateVoid {}", d.n); }
std::string text_of(const claim::CreateManifest& d) {
  return fmt::format("CreateManifest {}", d.n);
}
std::string text_of(const claim::Claimed& d) { return fmt::format("Claimed {}", d.fence); }
std::string text_of(const claim::Published& d) { return fmt::format("Published {}", d.n); }
std::string text_of(const claim::GivenUp& d) { return fmt::format("GivenUp {}", d.n); }
std::string text_of(const claim::Fenced&) { return "Fenced"; }

std::string text_of(const ClaimDecisions& decisions) {
  std::vector<std::string> texts;
  for (const ClaimDecision& decision : decisions) {
    texts.push_back(std::visit([](const auto& d) { return text_of(d); }, decision));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string describe(const StoreClaim& claim) {
  const char* const names[] = {"unclaimed",  "looking",    "voiding",   "checking", "claimed",
                               "publishing", "confirming", "giving up", "fenced"};
  return fmt::format("{}, next {}", names[static_cast<std::size_t>(claim.phase())],
                     claim.next_number());
}

Event listed(std::vector<StoredNumber> all) {
  return [all = std::move(all)](StoreClaim& c) { return c.on_listed(all); };
}
Event created(std::uint64_t n, Created outcome) {
  return [=](StoreClaim& c) { return c.on_created(n, outcome); };
}
Event publish(std::uint64_t n) {
  return [=](StoreClaim& c) { return c.publish(n); };
}
Event give_up(std::uint64_t n) {
  return [=](StoreClaim& c) { return c.give_up(n); };
}
ClaimDecisions begin(StoreClaim& c) { return c.begin(); }

/// In the store are the manifests 3 and 4; the claim makes 5 void, so its first checkpoint is 6.
std::vector<std::pair<std::string, std::vector<Event>>> states() {
  std::vector<std::pair<std::string, std::vector<Event>>> states{{"unclaimed", {}}};
  std::vector<Event> events;
  const std::vector<Named> way{{"looking", begin},
                               {"voiding 5", listed({{3}, {4}})},
                               {"checking 5", created(5, Created::created)},
                               {"claimed", listed({{3}, {4}, {5, true}})}};
  for (const auto& [name, event] : way) {
    events.push_back(event);
    states.emplace_back(name, events);
  }
  std::vector<Event> given_up = events;
  given_up.push_back(give_up(6));
  events.push_back(publish(6));
  states.emplace_back("publishing 6", events);
  events.push_back(created(6, Created::created));
  states.emplace_back("confirming 6", events);
  states.emplace_back("giving up 6", given_up);
  given_up.push_back(created(6, Created::taken));
  states.emplace_back("fenced", given_up);
  return states;
}

std::vector<Named> messages() {
  return {{"begin", begin},
          {"listed ..4", listed({{3}, {4}})},
          {"listed ..6", listed({{4}, {5, true}, {6}})},
          {"listed ..7", listed({{6}, {7, true}})},
          {"created 5", created(5, Created::created)},
          {"taken 5", created(5, Created::taken)},
          {"unknown 5", created(5, Created::unknown)},
          {"created 6", created(6, Created::created)},
          {"taken 6", created(6, Created::taken)},
          {"unknown 6", created(6, Created::unknown)},
          {"publish 5", publish(5)},
          {"publish 6", publish(6)},
          {"give up 6", give_up(6)},
          {"give up 7", give_up(7)}};
}

std::string outcome(StoreClaim& claim, const Event& message) {
  const std::string before = describe(claim);
  const std::string decided = text_of(message(claim));
  const std::string after = describe(claim);
  return after == before ? decided : decided + " -> " + after;
}

// Messages that are not listed are ignored.
const char* const table = R"(
unclaimed: unclaimed, next 0
  begin       List -> looking, next 0
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
looking: looking, next 0
  begin       broken
  listed ..4  CreateVoid 5 -> voiding, next 0
  listed ..6  CreateVoid 7 -> voiding, next 0
  listed ..7  CreateVoid 8 -> voiding, next 0
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
voiding 5: voiding, next 0
  begin       broken
  created 5   List -> checking, next 0
  taken 5     List -> looking, next 0
  unknown 5   CreateVoid 5
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
checking 5: checking, next 0
  begin       broken
  listed ..4  Claimed 5 -> claimed, next 6
  listed ..6  Fenced -> fenced, next 0
  listed ..7  Fenced -> fenced, next 0
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
claimed: claimed, next 6
  begin       broken
  publish 5   broken
  publish 6   CreateManifest 6 -> publishing, next 6
  give up 6   CreateVoid 6 -> giving up, next 6
  give up 7   broken
publishing 6: publishing, next 6
  begin       broken
  created 6   List -> confirming, next 6
  taken 6     Fenced -> fenced, next 6
  unknown 6   CreateManifest 6
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
confirming 6: confirming, next 6
  begin       broken
  listed ..4  Published 6 -> claimed, next 7
  listed ..6  Published 6 -> claimed, next 7
  listed ..7  Fenced -> fenced, next 6
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
giving up 6: giving up, next 6
  begin       broken
  created 6   GivenUp 6 -> claimed, next 7
  taken 6     Fenced -> fenced, next 6
  unknown 6   CreateVoid 6
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
fenced: fenced, next 6
  begin       broken
  publish 5   broken
  publish 6   broken
  give up 6   broken
  give up 7   broken
)";

TEST(StoreClaimTable, EveryMessageInEveryPhase) {
  const TableWalk how{[](const std::vector<Event>& events) {
                        StoreClaim claim;
                        for (const Event& event : events) {
                          event(claim);
                        }
                        return claim;
                      },
                      describe, outcome};
  EXPECT_EQ(walk(states(), messages(), how), table);
}

TEST(StoreClaim, TheFirstGenerationOfAnEmptyStoreMakesNumber1Void) {
  StoreClaim claim;
  claim.begin();
  EXPECT_EQ(text_of(claim.on_listed({})), "CreateVoid 1");
}

TEST(StoreClaim, ALaterCheckpointOfTheSameGenerationFollowsTheOneBefore) {
  StoreClaim claim;
  for (const Event& event :
       {Event(begin), listed({}), created(1, Created::created), listed({{1, true}}), publish(2),
        created(2, Created::created), listed({{1, true}, {2}})}) {
    event(claim);
  }
  EXPECT_EQ(text_of(claim.give_up(3)), "CreateVoid 3");
  EXPECT_EQ(text_of(claim.on_created(3, Created::created)), "GivenUp 3");
  EXPECT_EQ(text_of(claim.publish(4)), "CreateManifest 4");
}

TEST(Prunable, EverythingBelowTheSecondNewestManifestFromTheLowestOn) {
  EXPECT_EQ(prunable({{9, true}, {2}, {1, true}, {5}, {8}, {7, true}, {4, true}}),
            (std::vector<std::uint64_t>{1, 2, 4}));
}

TEST(Prunable, NothingWhileThereAreNotTwoManifests) {
  EXPECT_TRUE(prunable({}).empty());
  EXPECT_TRUE(prunable({{1, true}, {2}, {3, true}}).empty());
  EXPECT_TRUE(prunable({{1}, {2}}).empty());
}

}  // namespace
}  // namespace wallaroo::internal
