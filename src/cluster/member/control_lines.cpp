#include "cluster/member/control_lines.hpp"

#include <chrono>
#include <variant>

namespace wallaroo::internal::cluster {

namespace {

/// Long enough for another machine, and short beside any lease.
constexpr std::chrono::milliseconds probe_limit{250};

}  // namespace

void ControlLines::call_leader(const Who& leader, const link::Hello& hello) {
  const bool same = leader_.who.id == leader.id && leader_.who.generation == leader.generation;
  if (same && (leader_.connection || leader_.dialer)) {
    return;
  }
  leader_ = {leader, hello, nullptr, nullptr};
  leader_.dialer = std::make_unique<link::WorkerDialer>(
      loop_, link::WorkerDialer::Call{parse_host_port(leader.address), hello, token_},
      [this](link::WorkerDialer::Result result) { dialled(std::move(result)); });
}

void ControlLines::dialled(link::WorkerDialer::Result result) {
  const auto ended = std::move(leader_.dialer);
  const std::uint64_t generation = leader_.who.generation;
  if (auto* introduced = std::get_if<link::Introduced>(&result)) {
    leader_.connection = std::make_unique<link::MessageConnection>(
        loop_, std::move(*introduced),
        link::MessageConnection::Callbacks{
            [this, generation](std::string_view bytes) {
              calls_.from_leader(generation, control::decode(bytes));
            },
            [this](const std::string& reason) { leader_closed(reason); }});
    if (!leader_.waiting.empty()) {
      leader_.connection->send(std::exchange(leader_.waiting, {}));
    }
    return;
  }
  if (const auto* none = std::get_if<link::NotConnected>(&result)) {
    calls_.leader_lost(generation, none->refused);
    return;
  }
  const auto& answer = std::get<link::Answer>(result);
  if (answer.code != link::AnswerCode::stale && answer.code != link::AnswerCode::not_now) {
    log_.warning("cluster: the leader '{}' at {} refuses this worker: {}", leader_.who.id.worker,
                 leader_.who.address, answer.text);
  }
  if (answer.code == link::AnswerCode::stale) {
    calls_.stale(answer.generation);
  }
  calls_.leader_lost(generation, false);
}

void ControlLines::hang_up(std::uint64_t generation) {
  if (leader_.who.generation == generation) {
    leader_ = {};
  }
}

void ControlLines::close_members(std::uint64_t generation) {
  std::erase_if(members_,
                [&](const auto& line) { return line.second.who.generation == generation; });
}

void ControlLines::tell_leader(std::uint64_t generation, const control::Message& message) {
  if (leader_.who.generation != generation) {
    return;
  }
  if (leader_.connection) {
    leader_.connection->send(control::encode(message));
  } else if (leader_.dialer) {
    leader_.waiting += control::encode(message);
  }
}

void ControlLines::leader_closed(const std::string& reason) {
  const Line lost = std::exchange(leader_, {});
  log_.debug("cluster: the connection to the leader '{}' is lost: {}", lost.who.id.worker, reason);
  find_out(lost.who, lost.hello, [this, generation = lost.who.generation](bool refused) {
    calls_.leader_lost(generation, refused);
  });
}

void ControlLines::take_member(const Who& member, const link::Hello& hello,
                               link::Introduced introduced) {
  Line& line = members_[member.id];
  line = {member, hello, nullptr, nullptr};
  line.connection = std::make_unique<link::MessageConnection>(
      loop_, std::move(introduced),
      link::MessageConnection::Callbacks{
          [this, id = member.id, generation = member.generation](std::string_view bytes) {
            calls_.from_member(generation, id, control::decode(bytes));
          },
          [this, id = member.id](const std::string& reason) { member_closed(id, reason); }});
}

void ControlLines::member_closed(const MemberId& id, const std::string& reason) {
  const auto lost = members_.extract(id);
  const Who& who = lost.mapped().who;
  log_.debug("cluster: the connection of worker '{}' is lost: {}", who.id.worker, reason);
  find_out(who, lost.mapped().hello,
           [this, who](bool refused) { calls_.member_lost(who.generation, who.id, refused); });
}

void ControlLines::tell_member(std::uint64_t generation, const MemberId& id,
                               const control::Message& message) {
  const auto found = members_.find(id);
  if (found != members_.end() && found->second.who.generation == generation) {
    found->second.connection->send(control::encode(message));
  }
}

void ControlLines::tell_members(std::uint64_t generation, const control::Message& message) {
  const std::string bytes = control::encode(message);
  for (const auto& [id, line] : members_) {
    if (line.who.generation == generation) {
      line.connection->send(bytes);
    }
  }
}

/// Nobody takes a connection of the kind `move` yet, so this one changes nothing at the other side.
void ControlLines::find_out(const Who& who, const link::Hello& hello,
                            std::function<void(bool)> then) {
  const std::uint64_t number = ++last_probe_;
  link::Hello harmless = hello;
  harmless.kind = link::ConnectionKind::move;
  probes_[number] = std::make_unique<link::WorkerDialer>(
      loop_, link::WorkerDialer::Call{parse_host_port(who.address), harmless, token_, probe_limit},
      [this, number, then = std::move(then)](const link::WorkerDialer::Result& result) {
        const auto ended = probes_.extract(number);
        const auto* none = std::get_if<link::NotConnected>(&result);
        then(none != nullptr && none->refused);
      });
}

}  // namespace wallaroo::internal::cluster
