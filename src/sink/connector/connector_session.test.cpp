#include "sink/connector/connector_session.hpp"

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {
namespace {

namespace protocol = connector_protocol;
using Session = ConnectorSession;

constexpr std::string_view stream = "App-w-initializer-id-77";

Session::Settings settings(std::uint64_t checkpoint = 3, std::uint64_t offset = 100) {
  return {.sink = "sink 'totals'",
          .receiver = "127.0.0.1:7200",
          .cookie = "Dragons-Love-Tacos",
          .application = "App",
          .worker = "initializer",
          .stream = std::string(stream),
          .transactional = true,
          .checkpoint = checkpoint,
          .offset = offset};
}

std::string id_of(std::uint64_t checkpoint) { return connector_transaction(stream, checkpoint); }

protocol::Frame control(const protocol::TwoPhaseMessage& message) {
  static std::vector<std::unique_ptr<std::string>> payloads;  // messages are views
  payloads.push_back(std::make_unique<std::string>(protocol::encode_two_phase(message)));
  return protocol::Message{protocol::control_stream, 0, 0, {}, *payloads.back()};
}

std::string described(const protocol::TwoPhaseMessage& message) {
  if (const auto* phase1 = std::get_if<protocol::Phase1>(&message)) {
    const auto& range = phase1->ranges.at(0);
    return fmt::format("phase1 {} {}-{}", *checkpoint_of_transaction(stream, phase1->transaction),
                       range.start, range.end);
  }
  if (const auto* phase2 = std::get_if<protocol::Phase2>(&message)) {
    return fmt::format("{} {}", phase2->commit ? "commit" : "abort",
                       *checkpoint_of_transaction(stream, phase2->transaction));
  }
  return "list";
}

std::string described(const protocol::Frame& frame) {
  if (const auto* message = std::get_if<protocol::Message>(&frame)) {
    return described(protocol::decode_two_phase(message->payload));
  }
  return std::string(protocol::name_of(frame));
}

/// "phase1 4 100-150", "ERROR, lost, roll back": what is sent and done, in order.
std::string described(const Session::Actions& actions) {
  std::vector<std::string> all;
  for (const auto& action : actions) {
    if (const auto* send = std::get_if<Session::Send>(&action)) {
      std::string_view bytes = send->bytes;
      while (const auto body = protocol::first_frame(bytes, 1 << 20)) {
        all.push_back(described(protocol::decode(*body)));
        bytes.remove_prefix(protocol::length_bytes + body->size());
      }
      EXPECT_TRUE(bytes.empty());
    } else if (const auto* prepared = std::get_if<Session::Prepared>(&action)) {
      all.push_back(fmt::format("prepared {}", prepared->checkpoint));
    } else if (const auto* committed = std::get_if<Session::Committed>(&action)) {
      all.push_back(fmt::format("committed {}", committed->checkpoint));
    } else {
      constexpr const char* names[] = {"", "lost", "", "", "roll back", "warn"};
      all.push_back(names[action.index()]);
    }
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

void connect(Session& session, std::vector<std::string> uncommitted = {}) {
  (void)session.connected(100);
  (void)session.received(protocol::Ok{500});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  (void)session.received(control(protocol::ReplyUncommitted{1, std::move(uncommitted)}));
}

/// Brings a `ready` session to a phase of checkpoint 4, whose barrier is at byte 150.
void advance(Session& session, const std::string& phase) {
  if (phase == "open") {
    return;
  }
  session.data_sent();
  if (phase == "open, data sent") {
    return;
  }
  session.barrier(4, 150);
  if (phase == "held") {
    return;
  }
  session.prepare(4);
  if (phase == "preparing") {
    return;
  }
  (void)session.drained();
  if (phase == "voting") {
    return;
  }
  if (phase == "rolled back") {
    (void)session.received(control(protocol::Reply{id_of(4), false}));
    return;
  }
  (void)session.received(control(protocol::Reply{id_of(4), true}));
  if (phase == "voted") {
    return;
  }
  (void)session.commit(4);
  ASSERT_EQ(phase, "committing");
}

const std::vector<std::string> ready_phases{
    "open", "open, data sent", "held", "preparing", "voting", "voted", "committing", "rolled back"};

/// A session in any of its states. "away, X" and "listing, X": the connection was lost in X, which
/// must be a phase that survives that.
Session in_state(const std::string& state) {
  Session session(settings());
  if (state == "away") {
    return session;
  }
  if (state == "greeting" || state == "notifying" || state == "listing") {
    (void)session.connected(100);
    if (state != "greeting") {
      (void)session.received(protocol::Ok{500});
    }
    if (state == "listing") {
      (void)session.received(protocol::NotifyAck{true, 1, 100});
    }
    return session;
  }
  connect(session);
  const auto comma = state.find(" again, ");
  if (comma == std::string::npos) {
    advance(session, state);
    return session;
  }
  advance(session, state.substr(comma + 8));
  (void)session.closed("test");
  if (state.starts_with("listing")) {
    (void)session.connected(150);
    (void)session.received(protocol::Ok{500});
    (void)session.received(protocol::NotifyAck{true, 1, 100});
  }
  return session;
}

struct Named {
  std::string name;
  protocol::Frame frame;
};

std::vector<Named> all_frames() {
  return {{"HELLO", protocol::Hello{"v0.0.1", "", "", ""}},
          {"OK", protocol::Ok{500}},
          {"OK 2", protocol::Ok{2}},
          {"OK 1", protocol::Ok{1}},
          {"ERROR", protocol::Error{"bad"}},
          {"NOTIFY", protocol::Notify{1, "", 0}},
          {"ACCEPT", protocol::NotifyAck{true, 1, 7}},
          {"REFUSE", protocol::NotifyAck{false, 1, 0}},
          {"ACCEPT 2", protocol::NotifyAck{true, 2, 0}},
          {"DATA", protocol::Message{1, 0, 0, {}, "x"}},
          {"garbage", protocol::Message{0, 0, 0, {}, "\xca"}},
          {"list", control(protocol::ListUncommitted{1})},
          {"listed none", control(protocol::ReplyUncommitted{1, {}})},
          {"listed 4", control(protocol::ReplyUncommitted{1, {id_of(4)}})},
          {"phase1", control(protocol::Phase1{id_of(4), {}})},
          {"yes", control(protocol::Reply{id_of(4), true})},
          {"no", control(protocol::Reply{id_of(4), false})},
          {"yes to 5", control(protocol::Reply{id_of(5), true})},
          {"yes to other", control(protocol::Reply{"B-w-x-id-1:c_id=4", true})},
          {"phase2", control(protocol::Phase2{id_of(4), true})},
          {"left", control(protocol::WorkersLeft{7, {}})},
          {"ACK", protocol::Ack{3, {{1, 5}}}},
          {"RESTART", protocol::Restart{"127.0.0.1:1"}},
          {"EOS", protocol::EndOfStream{1}}};
}

const std::vector<std::string> all_states{"away",
                                          "greeting",
                                          "notifying",
                                          "listing",
                                          "listing again, open",
                                          "listing again, voted",
                                          "listing again, committing",
                                          "open",
                                          "open, data sent",
                                          "held",
                                          "preparing",
                                          "voting",
                                          "voted",
                                          "committing",
                                          "rolled back",
                                          "away again, voted",
                                          "away again, committing"};

/// The pairs that are part of the protocol; "" is "nothing is done".
const std::map<std::string, std::map<std::string, std::string>> expected{
    {"greeting", {{"OK", ""}, {"OK 2", ""}}},
    {"notifying", {{"ACCEPT", ""}, {"REFUSE", "lost"}}},
    {"listing", {{"listed none", ""}, {"listed 4", "abort 4"}}},
    {"listing again, open", {{"listed none", ""}, {"listed 4", "abort 4"}}},
    {"listing again, voted", {{"listed none", "lost, roll back"}, {"listed 4", ""}}},
    {"listing again, committing", {{"listed none", "committed 4"}, {"listed 4", "commit 4"}}},
    {"voting", {{"yes", "prepared 4"}, {"no", "lost, roll back"}}},
};

std::string expected_of(const std::string& state, const std::string& frame) {
  const bool over = state.starts_with("away") || state == "rolled back" || frame == "ACK";
  if (over) {
    return "";
  }
  if (const auto row = expected.find(state); row != expected.end()) {
    if (const auto cell = row->second.find(frame); cell != row->second.end()) {
      return cell->second;
    }
  }
  const bool loses =
      state == "open, data sent" || state == "held" || state == "preparing" || state == "voting";
  const bool said_so = frame == "ERROR" || frame == "RESTART";
  return std::string(said_so ? "" : "ERROR, ") + "lost" + (loses ? ", roll back" : "");
}

TEST(ConnectorSession, AnswersEveryFrameInEveryState) {
  for (const std::string& state : all_states) {
    for (const auto& [name, frame] : all_frames()) {
      Session session = in_state(state);
      const bool rolled_back = session.rolled_back();
      const std::string actions = described(session.received(frame));
      EXPECT_EQ(actions, expected_of(state, name)) << name << " while " << state;
      const bool lost = actions.find("lost") != std::string::npos;
      EXPECT_EQ(session.rolled_back(),
                rolled_back || actions.find("roll back") != std::string::npos);
      EXPECT_FALSE(lost && session.ready());
      if (lost && !session.rolled_back()) {
        EXPECT_EQ(described(session.connected(0)), "HELLO, NOTIFY, list") << "it is away";
      }
    }
  }
}

/// An event of the engine or the connection, and what it does by phase. A phase that is not listed
/// refuses the event: it breaks an invariant.
struct Event {
  std::string name;
  std::function<Session::Actions(Session&)> happen;
  std::map<std::string, std::string> expected;
};

TEST(ConnectorSession, AnswersEveryEventInEveryPhase) {
  const auto quiet = [](auto call) {
    return [call](Session& session) {
      call(session);
      return Session::Actions{};
    };
  };
  const std::map<std::string, std::string> nothing{};
  const std::string lost_all = "lost, roll back";
  const std::vector<Event> events{
      {"barrier 4",
       quiet([](Session& s) { s.barrier(4, 150); }),
       {{"open", ""}, {"open, data sent", ""}, {"rolled back", ""}}},
      {"barrier 3 again", quiet([](Session& s) { s.barrier(3, 150); }), {{"rolled back", ""}}},
      {"barrier before the last",
       quiet([](Session& s) { s.barrier(4, 99); }),
       {{"rolled back", ""}}},
      {"abandon",
       quiet([](Session& s) { s.abandon(4); }),
       {{"held", ""}, {"preparing", ""}, {"rolled back", ""}}},
      {"abandon 5", quiet([](Session& s) { s.abandon(5); }), {{"rolled back", ""}}},
      {"prepare", quiet([](Session& s) { s.prepare(4); }), {{"held", ""}, {"rolled back", ""}}},
      {"commit",
       [](Session& s) { return s.commit(4); },
       {{"voted", "commit 4"}, {"rolled back", ""}}},
      {"commit 5", [](Session& s) { return s.commit(5); }, {{"rolled back", ""}}},
  };
  for (const Event& event : events) {
    for (const std::string& phase : ready_phases) {
      Session session = in_state(phase);
      std::string actions;
      try {
        actions = described(event.happen(session));
      } catch (const std::logic_error&) {
        actions = "refused";
      }
      const auto cell = event.expected.find(phase);
      EXPECT_EQ(actions, cell == event.expected.end() ? "refused" : cell->second)
          << event.name << " while " << phase;
    }
  }
  const auto on_connection = [&](const std::string& phase) {
    const auto act = [&](auto call) {
      Session session = in_state(phase);
      return described(call(session));
    };
    return fmt::format("{} | {} | {} | {} | {}", act([](Session& s) { return s.drained(); }),
                       act([](Session& s) { return s.control_sent(); }),
                       act([](Session& s) { return s.closed("x"); }),
                       act([](Session& s) { return s.malformed("x"); }),
                       act([](Session& s) { return s.give_up("x"); }));
  };
  const std::string unsafe = " |  | lost, roll back | ERROR, lost, roll back | roll back";
  EXPECT_EQ(on_connection("open"), " |  | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("open, data sent"), unsafe);
  EXPECT_EQ(on_connection("held"), unsafe);
  EXPECT_EQ(on_connection("preparing"), "phase1 4 100-150" + unsafe);
  EXPECT_EQ(on_connection("voting"), unsafe);
  EXPECT_EQ(on_connection("voted"), " |  | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("committing"), " | committed 4 | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("rolled back"), " |  |  |  | ");
}

TEST(ConnectorSession, AConnectionLostBeforeAnythingWasSentCostsNothing) {
  for (const std::string phase : {"open", "held", "preparing"}) {
    Session session(settings());
    connect(session);
    if (phase != "open") {
      session.barrier(4, 100);
    }
    if (phase == "preparing") {
      session.prepare(4);
    }
    EXPECT_EQ(described(session.closed("x")), "lost") << phase;
    EXPECT_EQ(described(session.drained()), "") << "there is nobody to vote";
    connect(session);
    EXPECT_TRUE(session.ready());
    EXPECT_EQ(described(session.drained()), phase == "preparing" ? "phase1 4 100-100" : "");
  }
}

TEST(ConnectorSession, WhatIsUncommittedIsSettledBeforeDataFlows) {
  const auto settled = [](std::uint64_t restored, const std::vector<std::uint64_t>& listed) {
    Session session(settings(restored, restored == 0 ? 0 : 100));
    std::vector<std::string> ids;
    for (const std::uint64_t each : listed) {
      ids.push_back(id_of(each));
    }
    (void)session.connected(0);
    (void)session.received(protocol::Ok{2});
    (void)session.received(protocol::NotifyAck{true, 1, 100});
    EXPECT_FALSE(session.ready());
    const auto actions = session.received(control(protocol::ReplyUncommitted{1, ids}));
    EXPECT_TRUE(session.ready() && session.confirmed() && session.all_committed());
    return described(actions);
  };
  EXPECT_EQ(settled(7, {}), "");
  EXPECT_EQ(settled(7, {7}), "commit 7");
  EXPECT_EQ(settled(7, {8}), "abort 8");
  EXPECT_EQ(settled(7, {9, 6, 8, 7}), "commit 6, commit 7, abort 9, abort 8");
  EXPECT_EQ(settled(0, {1}), "abort 1");
  EXPECT_EQ(settled(0, {1, 2}), "abort 2, abort 1");

  Session session(settings());
  (void)session.connected(100);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto foreign = control(protocol::ReplyUncommitted{1, {"B-w-x-id-1:c_id=2", id_of(3)}});
  EXPECT_EQ(described(session.received(foreign)), "warn, commit 3");
}

TEST(ConnectorSession, ACommitSurvivesLostConnectionsUntilTheReceiverHasIt) {
  Session session = in_state("voted");
  EXPECT_EQ(described(session.closed("x")), "lost");
  EXPECT_EQ(described(session.commit(4)), "") << "there is nobody to tell";
  EXPECT_TRUE(session.holding());
  connect(session, {id_of(4)});
  EXPECT_EQ(described(session.closed("x")), "lost") << "with PHASE_2 on its way";
  EXPECT_EQ(described(session.control_sent()), "");
  connect(session, {id_of(4)});
  EXPECT_TRUE(session.holding());
  EXPECT_EQ(described(session.control_sent()), "committed 4");
  EXPECT_FALSE(session.holding());
  EXPECT_TRUE(session.all_committed() && session.confirmed());

  EXPECT_EQ(described(session.closed("x")), "lost") << "PHASE_2 may be lost all the same";
  EXPECT_FALSE(session.confirmed());
  (void)session.connected(150);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto listed = control(protocol::ReplyUncommitted{1, {id_of(4)}});
  EXPECT_EQ(described(session.received(listed)), "commit 4");
  EXPECT_TRUE(session.confirmed());
}

TEST(ConnectorSession, AVoteThatIsForgottenBeforeItsCommitIsSaid) {
  Session session = in_state("voted");
  (void)session.closed("x");
  (void)session.commit(4);
  (void)session.connected(150);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto none = control(protocol::ReplyUncommitted{1, {}});
  EXPECT_EQ(described(session.received(none)), "warn, committed 4");
}

TEST(ConnectorSession, AfterACommitTheNextTransactionBeginsWhereItEnded) {
  Session session = in_state("committing");
  (void)session.control_sent();
  session.data_sent();
  session.barrier(5, 180);
  session.abandon(5);
  EXPECT_FALSE(session.holding());
  session.barrier(6, 200);
  session.prepare(6);
  EXPECT_EQ(described(session.drained()), "phase1 6 150-200");
  const auto actions = session.received(control(protocol::Reply{id_of(6), true}));
  ASSERT_EQ(described(actions), "prepared 6");
  EXPECT_EQ(decode_vote(std::get<Session::Prepared>(actions.front()).vote),
            (ConnectorVote{std::string(stream), 200}));
}

TEST(ConnectorSession, WithoutCheckpointsALostConnectionIsNoRollBack) {
  auto plain = settings(0, 0);
  plain.transactional = false;
  Session session(plain);
  connect(session);
  session.data_sent();
  EXPECT_EQ(described(session.closed("x")), "lost");
  EXPECT_TRUE(session.all_committed() && session.confirmed());
}

TEST(ConnectorSession, ReasonsNameTheSinkAndTheReceiver) {
  const auto reason = [](Session::Actions actions) {
    return std::get<Session::RollBack>(actions.back()).reason;
  };
  EXPECT_EQ(reason(in_state("voting").received(control(protocol::Reply{id_of(4), false}))),
            "sink 'totals': 127.0.0.1:7200 refused checkpoint 4");
  EXPECT_EQ(reason(in_state("held").closed("connection reset")),
            "sink 'totals': 127.0.0.1:7200 has not committed what was sent (the connection was "
            "lost: connection reset)");
  const auto actions = in_state("greeting").received(protocol::Error{"bad cookie"});
  EXPECT_EQ(std::get<Session::Disconnect>(actions.front()).reason,
            "it reports the error 'bad cookie'");
}

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

TEST(ConnectorSession, WorkersLeftIsNotForASinkToHear) {
  Session session = in_state("open");
  EXPECT_EQ(described(session.received(control(protocol::WorkersLeft{7, {"worker2"}}))),
            "ERROR, lost");
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') {
      continue;
    }
    digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  return bytes;
}

// The bytes are from a session with the reference receiver of the protocol.
TEST(ConnectorSession, SendsTheBytesThatReceiversKnow) {
  const std::string nothing(26, '\0');  // stream, id, time, key
  Session session(settings(0, 0));
  const auto intro = std::get<Session::Send>(session.connected(0).front()).bytes;
  EXPECT_EQ(intro,
            from_hex("0000002f 00 0006 76302e302e31 0012 447261676f6e732d4c6f76652d5461636f73 0003 "
                     "417070 000b 696e697469616c697a6572") +
                from_hex("0000002a 03 0000000000000001 0017") + std::string(stream) +
                std::string(8, '\0') + from_hex("00000024 05") + nothing +
                from_hex("c9 0000000000012fd2"));
  (void)session.received(protocol::Ok{500});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  (void)session.received(control(protocol::ReplyUncommitted{77778, {}}));
  session.barrier(1, 12);
  session.prepare(1);
  EXPECT_EQ(std::get<Session::Send>(session.drained().front()).bytes,
            from_hex("00000058 05") + nothing + from_hex("cb 001e") + std::string(stream) +
                ":c_id=1" +
                from_hex("00000001 0000000000000001 0000000000000000 000000000000000c"));
  (void)session.received(control(protocol::Reply{id_of(1), true}));
  EXPECT_EQ(std::get<Session::Send>(session.commit(1).front()).bytes,
            from_hex("0000003d 05") + nothing + from_hex("cd 001e") + std::string(stream) +
                ":c_id=1" + from_hex("01"));
}

/// Hands over the bytes of one frame.
Session::Actions hear(Session& session, const std::string& bytes) {
  const auto body = protocol::first_frame(bytes, 1 << 20);
  return session.received(protocol::decode(body.value()));
}

// The reference receiver refuses by a REPLY with a zero. After a reconnection it lists the
// transactions to which it has agreed, and PHASE_2 comes before data.
TEST(ConnectorSession, TakesTheBytesOfReceiversInTheirOrder) {
  const std::string nothing(26, '\0');
  const std::string id = "001e " + [] {
    std::string hex;
    for (const char c : std::string(stream) + ":c_id=4") {
      hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return hex;
  }();
  const std::string ok = from_hex("00000005 01 000001f4");
  const std::string notify_ack = from_hex("00000012 04 01 0000000000000001 ffffffffffffffff");
  const auto list = [&](const std::string& transactions) {
    const std::string body =
        from_hex("05") + nothing + from_hex("ca 0000000000012fd2" + transactions);
    return from_hex(fmt::format("{:08x}", body.size())) + body;
  };
  const auto reply = [&](const std::string& commit) {
    return from_hex("0000003d 05") + nothing + from_hex("cc " + id + commit);
  };
  Session session(settings(3, 0));
  (void)session.connected(0);
  EXPECT_EQ(described(hear(session, ok)), "");
  EXPECT_EQ(described(hear(session, notify_ack)), "");
  EXPECT_EQ(described(hear(session, list("00000000"))), "");
  session.barrier(4, 12);
  session.prepare(4);
  EXPECT_EQ(described(session.drained()), "phase1 4 0-12");
  Session refused = session;
  EXPECT_EQ(described(hear(refused, reply("00"))), "lost, roll back");
  EXPECT_EQ(described(hear(session, reply("01"))), "prepared 4");

  EXPECT_EQ(described(session.closed("between the phases")), "lost");
  EXPECT_EQ(described(session.commit(4)), "") << "there is nobody to tell";
  (void)session.connected(12);
  (void)hear(session, ok);
  (void)hear(session, notify_ack);
  EXPECT_EQ(described(hear(session, list("00000001 " + id))), "commit 4");
  EXPECT_EQ(described(session.control_sent()), "committed 4");
}

TEST(ConnectorSession, AListBeforeTheOkOrTheNotifyAckIsOutOfOrder) {
  for (const std::string state : {"greeting", "notifying"}) {
    Session session = in_state(state);
    EXPECT_EQ(described(session.received(control(protocol::ReplyUncommitted{77778, {}}))),
              "ERROR, lost");
  }
}

}  // namespace
}  // namespace wallaroo::internal
