// Shared by the tests of the connector session: a session in any of its states, and what it does as
// words.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "io/connector_protocol.hpp"
#include "sink/connector/connector_session.hpp"
#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {

namespace protocol = connector_protocol;
using Session = ConnectorSession;

constexpr std::string_view stream = "App-w-initializer-id-77";

inline Session::Settings settings(std::uint64_t checkpoint = 3, std::uint64_t offset = 100) {
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

inline std::string id_of(std::uint64_t checkpoint) {
  return connector_transaction(stream, checkpoint);
}

inline protocol::Frame control(const protocol::TwoPhaseMessage& message) {
  static std::vector<std::unique_ptr<std::string>> payloads;  // messages are views
  payloads.push_back(std::make_unique<std::string>(protocol::encode_two_phase(message)));
  return protocol::Message{protocol::control_stream, 0, 0, {}, *payloads.back()};
}

inline std::string described(const protocol::TwoPhaseMessage& message) {
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

inline std::string described(const protocol::Frame& frame) {
  if (const auto* message = std::get_if<protocol::Message>(&frame)) {
    return described(protocol::decode_two_phase(message->payload));
  }
  return std::string(protocol::name_of(frame));
}

/// "phase1 4 100-150", "ERROR, lost, roll back": what is sent and done, in order.
inline std::string described(const Session::Actions& actions) {
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

inline void connect(Session& session, std::vector<std::string> uncommitted = {}) {
  (void)session.connected(100);
  (void)session.received(protocol::Ok{500});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  (void)session.received(control(protocol::ReplyUncommitted{1, std::move(uncommitted)}));
}

/// Brings a `ready` session to a phase of checkpoint 4, whose barrier is at byte 150.
inline void advance(Session& session, const std::string& phase) {
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

inline const std::vector<std::string> ready_phases{
    "open", "open, data sent", "held", "preparing", "voting", "voted", "committing", "rolled back"};

/// A session in any of its states. "away, X" and "listing, X": the connection was lost in X, which
/// must be a phase that survives that.
inline Session in_state(const std::string& state) {
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

}  // namespace wallaroo::internal
