#include "sink/connector/connector_session.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "sink/connector/connector_session.rig.hpp"

namespace wallaroo::internal {
namespace {

struct Offsets {
  std::uint64_t committed = 0;
  std::uint64_t notified = 0;
  std::uint64_t held = 0;
  std::vector<std::string> uncommitted = {};
};

/// Returns the warning if a receiver answers with these offsets.
std::string told_of(const Offsets& offsets) {
  Session session(settings(3, offsets.committed));
  (void)session.connected(offsets.notified);
  (void)session.received(protocol::Ok{500});
  (void)session.received(protocol::NotifyAck{true, 1, offsets.held});
  const auto actions =
      session.received(control(protocol::ReplyUncommitted{1, offsets.uncommitted}));
  EXPECT_TRUE(session.ready());
  for (const auto& action : actions) {
    if (const auto* warn = std::get_if<Session::Warn>(&action)) {
      return warn->text;
    }
  }
  return "";
}

TEST(ConnectorSession, AReceiverThatIsAheadOrHasLostSomethingIsNamedByItsOffsetAndOurs) {
  EXPECT_TRUE(told_of({100, 100, 250})
                  .starts_with("it is ahead: it holds 250 bytes of the output, and 100 were "
                               "committed by this application "
                               "to 'App-w-initializer-id-77'; so this application was started "
                               "without the checkpoint"));
  EXPECT_TRUE(told_of({0, 0, 250}).starts_with("it is ahead: it holds 250 bytes"));
  EXPECT_TRUE(told_of({100, 100, 0})
                  .starts_with("it is empty: it holds 0 bytes of the output, and 100 were "
                               "committed by this application to "
                               "'App-w-initializer-id-77'; so it has lost them"));
  EXPECT_TRUE(told_of({100, 100, protocol::nothing_processed}).starts_with("it is empty"));
  EXPECT_TRUE(told_of({100, 100, 40, {id_of(4)}}).starts_with("it is behind: it holds 40 bytes"));
}

TEST(ConnectorSession, WhatIsInDoubtOrAnEchoIsNoMismatch) {
  EXPECT_EQ(told_of({100, 100, 100}), "");
  EXPECT_EQ(told_of({0, 0, protocol::nothing_processed}), "");
  EXPECT_EQ(told_of({100, 130, 130}), "") << "it says what it was told";
  EXPECT_EQ(told_of({100, 100, 250, {id_of(4)}}), "") << "a failed checkpoint's, to be aborted";
  EXPECT_EQ(told_of({100, 100, 40, {id_of(3)}}), "") << "the last commit has not arrived yet";
  Session::Settings no_checkpoints = settings(0, 0);
  no_checkpoints.transactional = false;
  Session without(no_checkpoints);
  (void)without.connected(0);
  (void)without.received(protocol::Ok{500});
  (void)without.received(protocol::NotifyAck{true, 1, 250});
  EXPECT_EQ(described(without.received(control(protocol::ReplyUncommitted{1, {}}))), "")
      << "without checkpoints every start counts anew";
  for (const std::uint64_t held : {100, 150}) {
    Session committing = in_state("committing");
    (void)committing.closed("x");
    (void)committing.connected(150);
    (void)committing.received(protocol::Ok{500});
    (void)committing.received(protocol::NotifyAck{true, 1, held});
    EXPECT_EQ(described(committing.received(control(protocol::ReplyUncommitted{1, {id_of(4)}}))),
              "commit 4");
  }
}

TEST(ConnectorSession, AMismatchIsToldOnceAndAgainWithARefusal) {
  Session session(settings());
  for (const std::string told : {"warn", ""}) {
    (void)session.connected(100);
    (void)session.received(protocol::Ok{500});
    (void)session.received(protocol::NotifyAck{true, 1, 0});
    EXPECT_EQ(described(session.received(control(protocol::ReplyUncommitted{1, {}}))), told);
    if (told == "warn") {
      (void)session.closed("x");
    }
  }
  session.barrier(4, 150);
  session.prepare(4);
  (void)session.drained();
  const auto actions = session.received(control(protocol::Reply{id_of(4), false}));
  EXPECT_EQ(std::get<Session::RollBack>(actions.back()).reason,
            "sink 'totals': 127.0.0.1:7200 refused checkpoint 4: it is empty: it holds 0 bytes of "
            "the output, and 100 were committed");
}

}  // namespace
}  // namespace wallaroo::internal
