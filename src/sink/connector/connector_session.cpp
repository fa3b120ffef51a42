#include "sink/connector/connector_session.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "io/transaction_end.hpp"
#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {

namespace protocol = connector_protocol;

namespace {

constexpr std::uint32_t least_credits = 2;

template <class To>
void move_to(To& to, To&& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

ConnectorSession::ConnectorSession(Settings settings)
    : settings_(std::move(settings)), confirmed_(settings_.checkpoint == 0) {}

// The connection.

ConnectorSession::Actions ConnectorSession::connected(std::uint64_t offset) {
  check(connection_ == ConnectionState::away, "a receiver has one connection at a time");
  connection_ = ConnectionState::greeting;
  notified_ = offset;
  std::string bytes;
  protocol::append(bytes, protocol::Hello{std::string(protocol::sink_version), settings_.cookie,
                                          settings_.application, settings_.worker});
  protocol::append(bytes, protocol::Notify{protocol::data_stream, settings_.stream, offset});
  bytes += protocol::encode_control_frame(protocol::ListUncommitted{++request_tag_});
  return {Send{std::move(bytes)}};
}

ConnectorSession::Actions ConnectorSession::received(const protocol::Frame& frame) {
  if (connection_ == ConnectionState::away || rolled_back()) {
    return {};
  }
  return std::visit([this](const auto& each) { return on(each); }, frame);
}

ConnectorSession::Actions ConnectorSession::malformed(std::string_view reason) {
  return connection_ == ConnectionState::away ? Actions{} : violation(std::string(reason));
}

ConnectorSession::Actions ConnectorSession::closed(std::string_view reason) {
  if (connection_ == ConnectionState::away) {
    return {};
  }
  return lose(fmt::format("the connection was lost: {}", reason));
}

template <class Unexpected>
ConnectorSession::Actions ConnectorSession::on(const Unexpected& frame) {
  return violation(unexpected(protocol::name_of(protocol::Frame(frame))));
}

ConnectorSession::Actions ConnectorSession::on(const protocol::Ok& ok) {
  if (connection_ != ConnectionState::greeting) {
    return violation(unexpected("OK"));
  }
  if (ok.initial_credits < least_credits) {
    return violation(fmt::format("OK gives {} credits, but a sink needs at least {}",
                                 ok.initial_credits, least_credits));
  }
  connection_ = ConnectionState::notifying;
  return {};
}

ConnectorSession::Actions ConnectorSession::on(const protocol::NotifyAck& ack) {
  if (connection_ != ConnectionState::notifying || ack.stream_id != protocol::data_stream) {
    return violation(unexpected(fmt::format("NOTIFY_ACK of stream {}", ack.stream_id)));
  }
  if (!ack.success) {
    return lose(fmt::format("it refuses the stream '{}'", settings_.stream));
  }
  held_ = ack.point_of_reference == protocol::nothing_processed ? 0 : ack.point_of_reference;
  connection_ = ConnectionState::listing;
  return {};
}

ConnectorSession::Actions ConnectorSession::on(const protocol::Error& error) {
  return lose(fmt::format("it reports the error '{}'", error.message));
}

ConnectorSession::Actions ConnectorSession::on(const protocol::Restart&) {
  return lose("it asks for a new connection");
}

ConnectorSession::Actions ConnectorSession::on(const protocol::Message& message) {
  if (message.stream_id != protocol::control_stream) {
    return violation(unexpected(fmt::format("MESSAGE on stream {}", message.stream_id)));
  }
  protocol::TwoPhaseMessage inner;
  try {
    inner = protocol::decode_two_phase(message.payload);
  } catch (const protocol::ProtocolError& error) {
    return violation(error.what());
  }
  if (const auto* reply = std::get_if<protocol::Reply>(&inner)) {
    return on(*reply);
  }
  if (const auto* list = std::get_if<protocol::ReplyUncommitted>(&inner)) {
    return on(*list);
  }
  return violation(unexpected("control message that only sinks send"));
}

ConnectorSession::Actions ConnectorSession::on(const protocol::Reply& reply) {
  const bool ours = ready() && phase_ == Phase::voting &&
                    checkpoint_of_transaction(settings_.stream, reply.transaction) == pending_;
  if (!ours) {
    return violation(unexpected(fmt::format("vote on '{}'", reply.transaction)));
  }
  Actions actions;
  if (reply.commit) {
    phase_ = Phase::voted;
    actions.push_back(Prepared{pending_, vote(pending_end_)});
  } else {
    actions.push_back(Disconnect{fmt::format("it refused checkpoint {}", pending_)});
    roll_back(fmt::format("refused checkpoint {}{}{}", pending_, mismatch_.empty() ? "" : ": ",
                          mismatch_),
              actions);
  }
  return actions;
}

ConnectorSession::Actions ConnectorSession::on(const protocol::ReplyUncommitted& reply) {
  if (connection_ != ConnectionState::listing) {
    return violation(unexpected("list of transactions"));
  }
  Actions actions;
  const Listed listed = settle_listed(reply.transactions, actions);
  compare_offsets(listed, actions);
  connection_ = ConnectionState::ready;
  confirmed_ = true;
  resume_pending(listed.pending, actions);
  return actions;
}

/// Commits or aborts all listed transactions but the pending one.
ConnectorSession::Listed ConnectorSession::settle_listed(
    const std::vector<std::string>& transactions, Actions& actions) {
  std::vector<std::uint64_t> complete;
  std::vector<std::uint64_t> failed;
  bool pending = false;
  for (const std::string& transaction : transactions) {
    const auto number = checkpoint_of_transaction(settings_.stream, transaction);
    if (!number) {
      actions.push_back(
          Warn{fmt::format("it lists the uncommitted transaction '{}', which does not belong to "
                           "the stream '{}' and is left as it is",
                           transaction, settings_.stream)});
    } else if (is_pending(*number)) {
      pending = true;
    } else {
      const TransactionEnd end = end_of_transaction(*number, settings_.checkpoint);
      (end == TransactionEnd::commit ? complete : failed).push_back(*number);
    }
  }
  std::sort(complete.begin(), complete.end());
  std::sort(failed.rbegin(), failed.rend());
  for (const std::uint64_t number : complete) {
    send_decision(number, true, actions);
  }
  for (const std::uint64_t number : failed) {
    send_decision(number, false, actions);
  }
  return {!complete.empty(), !failed.empty(), pending};
}

/// Warns if the receiver holds other output than was committed. It may hold more while a
/// transaction is in doubt, and less if a transaction is committed only now.
void ConnectorSession::compare_offsets(const Listed& listed, Actions& actions) {
  const std::uint64_t committed = settings_.offset;
  const bool in_doubt = listed.failed || listed.pending || phase_ == Phase::committing;
  std::string mismatch;
  if (!settings_.transactional || held_ == committed || held_ == notified_) {
    // The offset is right, or an echo of ours.
  } else if (held_ > committed && !in_doubt) {
    mismatch = fmt::format("it is ahead: it holds {} bytes of the output, and {} were committed",
                           held_, committed);
  } else if (held_ < committed && !listed.complete) {
    mismatch = fmt::format("it is {}: it holds {} bytes of the output, and {} were committed",
                           held_ == 0 ? "empty" : "behind", held_, committed);
  }
  if (mismatch.empty() || mismatch == mismatch_) {
    mismatch_ = std::move(mismatch);
    return;
  }
  mismatch_ = std::move(mismatch);
  actions.push_back(Warn{fmt::format(
      "{} by this application to '{}'; {}", mismatch_, settings_.stream,
      held_ > committed
          ? "so this application was started without the checkpoint that belongs to the output, or "
            "with an older one: start it with the directory of checkpoints that it had, or cut the "
            "receiver's output back to that many bytes, or give the sink another `application`, "
            "which begins another output"
          : "so it has lost them, or is another receiver than before: bring its output back, or "
            "start this application with an empty directory of checkpoints, which makes all of the "
            "output again (ignore this if the receiver always answers with the same number)")});
}

/// Whether this is the transaction to which the receiver has agreed and whose end is not yet known.
bool ConnectorSession::is_pending(std::uint64_t checkpoint) const {
  return checkpoint == pending_ && (phase_ == Phase::voted || phase_ == Phase::committing);
}

void ConnectorSession::resume_pending(bool listed, Actions& actions) {
  if (phase_ == Phase::voted && !listed) {
    actions.push_back(Disconnect{fmt::format("it has forgotten checkpoint {}", pending_)});
    roll_back(fmt::format("had agreed to checkpoint {} and has forgotten it", pending_), actions);
  } else if (phase_ == Phase::committing && listed) {
    send_commit(actions);
  } else if (phase_ == Phase::committing) {
    if (!decided_) {
      actions.push_back(Warn{
          fmt::format("it had agreed to checkpoint {} and has forgotten it before it was committed;"
                      " check whether output up to byte {} is missing at the receiver",
                      pending_, pending_end_)});
    }
    become_committed(actions);
  }
}

ConnectorSession::Actions ConnectorSession::violation(std::string text) {
  std::string error;
  protocol::append(error, protocol::Error{text});
  Actions actions{Send{std::move(error)}};
  move_to(actions, lose(fmt::format("it breaks the protocol: {}", text)));
  return actions;
}

ConnectorSession::Actions ConnectorSession::lose(std::string reason) {
  Actions actions{Disconnect{reason}};
  connection_ = ConnectionState::away;
  confirmed_ = settings_.checkpoint == 0;
  const bool promised = phase_ == Phase::voted || phase_ == Phase::committing;
  if (uncommitted_ && !promised && !rolled_back()) {
    roll_back(fmt::format("has not committed what was sent ({})", reason), actions);
  }
  return actions;
}

void ConnectorSession::roll_back(std::string reason, Actions& actions) {
  connection_ = ConnectionState::away;
  phase_ = Phase::rolled_back;
  actions.push_back(RollBack{fmt::format("{}: {} {}", settings_.sink, settings_.receiver, reason)});
}

std::string ConnectorSession::unexpected(std::string_view what) const {
  constexpr std::string_view awaited[] = {"nothing", "OK", "NOTIFY_ACK of stream 1",
                                          "a list of transactions", "only votes"};
  return fmt::format("there was a {} where {} should come", what,
                     awaited[static_cast<std::size_t>(connection_)]);
}

// Transactions.

ConnectorSession::Actions ConnectorSession::control_sent() {
  Actions actions;
  if (phase_ == Phase::committing && ready()) {
    become_committed(actions);
  }
  return actions;
}

ConnectorSession::Actions ConnectorSession::drained() {
  if (phase_ != Phase::preparing || !ready()) {
    return {};
  }
  phase_ = Phase::voting;
  uncommitted_ = true;
  const protocol::StreamRange range{protocol::data_stream, settings_.offset, pending_end_};
  return {Send{protocol::encode_control_frame(
      protocol::Phase1{connector_transaction(settings_.stream, pending_), {range}})}};
}

void ConnectorSession::barrier(std::uint64_t checkpoint, std::uint64_t offset) {
  if (rolled_back()) {
    return;
  }
  check(settings_.transactional && phase_ == Phase::open && checkpoint > settings_.checkpoint &&
            offset >= settings_.offset,
        "a sink gets one checkpoint after the other");
  phase_ = Phase::held;
  decided_ = false;
  pending_ = checkpoint;
  pending_end_ = offset;
}

void ConnectorSession::abandon(std::uint64_t checkpoint) {
  if (!rolled_back()) {
    expect(phase_ == Phase::held || phase_ == Phase::preparing, checkpoint);
    phase_ = Phase::open;
  }
}

void ConnectorSession::prepare(std::uint64_t checkpoint) {
  if (!rolled_back()) {
    expect(phase_ == Phase::held, checkpoint);
    phase_ = Phase::preparing;
  }
}

ConnectorSession::Actions ConnectorSession::commit(std::uint64_t checkpoint) {
  Actions actions;
  if (!rolled_back()) {
    expect(phase_ == Phase::voted, checkpoint);
    phase_ = Phase::committing;
    if (ready()) {
      send_commit(actions);
    }
  }
  return actions;
}

ConnectorSession::Actions ConnectorSession::give_up(std::string_view reason) {
  Actions actions;
  if (!rolled_back()) {
    roll_back(std::string(reason), actions);
  }
  return actions;
}

std::string ConnectorSession::vote(std::uint64_t offset) const {
  return encode_vote({settings_.stream, offset, settings_.voted_worker});
}

void ConnectorSession::expect(bool allowed, std::uint64_t checkpoint) const {
  check(allowed && checkpoint == pending_, "a sink's checkpoint goes from phase to phase");
}

void ConnectorSession::send_decision(std::uint64_t checkpoint, bool commit,
                                     Actions& actions) const {
  actions.push_back(Send{protocol::encode_control_frame(
      protocol::Phase2{connector_transaction(settings_.stream, checkpoint), commit})});
}

void ConnectorSession::send_commit(Actions& actions) {
  decided_ = true;
  send_decision(pending_, true, actions);
}

void ConnectorSession::become_committed(Actions& actions) {
  phase_ = Phase::open;
  uncommitted_ = false;
  settings_.checkpoint = pending_;
  settings_.offset = pending_end_;
  actions.push_back(Committed{pending_});
}

}  // namespace wallaroo::internal
