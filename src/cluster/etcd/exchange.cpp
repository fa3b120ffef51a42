#include "cluster/etcd/exchange.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal::cluster {

namespace {

constexpr std::int64_t ms = 1'000'000;

void append(ExchangeDecisions& decisions, ExchangeDecisions more) {
  decisions.insert(decisions.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

}  // namespace

ExchangeDecisions Exchange::call(std::uint64_t call, std::int64_t limit_ns, std::int64_t now_ns) {
  calls_.push_back({call, limit_ns});
  const bool free = state_ == State::resting || state_ == State::ready;
  return free ? next(now_ns) : ExchangeDecisions{};
}

ExchangeDecisions Exchange::cancel(std::uint64_t call, std::int64_t now_ns) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [&](const Waiting& waiting) { return waiting.call == call; });
  if (found == calls_.end()) {
    return {};
  }
  const bool under_way = state_ == State::calling && found == calls_.begin();
  calls_.erase(found);
  if (!under_way) {
    return {};
  }
  state_ = State::resting;
  ExchangeDecisions decisions{exchange::Close{}};
  append(decisions, next(now_ns));
  return decisions;
}

ExchangeDecisions Exchange::on_connected(std::int64_t now_ns) {
  if (state_ != State::dialing) {
    return {};
  }
  state_ = State::ready;
  return next(now_ns);
}

ExchangeDecisions Exchange::on_part() {
  if (state_ == State::calling) {
    heard();
    until_ns_ = end_of_time;
  }
  return {};
}

ExchangeDecisions Exchange::on_answered(bool stays, std::int64_t now_ns) {
  if (state_ != State::calling) {
    return {};
  }
  heard();
  calls_.pop_front();
  state_ = stays ? State::ready : State::resting;
  ExchangeDecisions decisions;
  if (!stays) {
    decisions.emplace_back(exchange::Close{});
  }
  append(decisions, next(now_ns));
  return decisions;
}

ExchangeDecisions Exchange::on_broken(const std::string& reason, std::int64_t now_ns) {
  switch (state_) {
    case State::ready:
      state_ = State::resting;
      return {exchange::Close{}};
    case State::dialing:
      return fail(fmt::format("cannot connect to {}: {}", where(), reason), now_ns);
    case State::calling:
      return fail(fmt::format("{} does not answer: {}", where(), reason), now_ns);
    default:
      return {};
  }
}

ExchangeDecisions Exchange::on_time(std::int64_t now_ns) {
  if (now_ns < next_wakeup_ns()) {
    return {};
  }
  switch (state_) {
    case State::resting:
      return next(now_ns);
    case State::dialing:
      return fail(
          fmt::format("cannot connect to {} within {} ms", where(), config_.connect_ns / ms),
          now_ns);
    default:
      return fail(
          fmt::format("{} does not answer within {} ms", where(), calls_.front().limit_ns / ms),
          now_ns);
  }
}

std::int64_t Exchange::next_wakeup_ns() const {
  switch (state_) {
    case State::resting:
      return calls_.empty() ? end_of_time : rest_until_ns_;
    case State::ready:
      return end_of_time;
    default:
      return until_ns_;
  }
}

std::string Exchange::where() const {
  return fmt::format("etcd at {}", config_.endpoints[endpoint_]);
}

/// Goes on with the call that waits for longest. Requires that none is under way.
ExchangeDecisions Exchange::next(std::int64_t now_ns) {
  if (calls_.empty()) {
    return {};
  }
  if (state_ == State::ready) {
    return send(now_ns);
  }
  return now_ns < rest_until_ns_ ? ExchangeDecisions{} : dial(now_ns);
}

ExchangeDecisions Exchange::dial(std::int64_t now_ns) {
  state_ = State::dialing;
  until_ns_ = saturating_add(now_ns, config_.connect_ns);
  return {exchange::Dial{endpoint_}};
}

ExchangeDecisions Exchange::send(std::int64_t now_ns) {
  state_ = State::calling;
  until_ns_ = saturating_add(now_ns, calls_.front().limit_ns);
  return {exchange::Send{calls_.front().call}};
}

ExchangeDecisions Exchange::fail(const std::string& reason, std::int64_t now_ns) {
  ExchangeDecisions decisions{exchange::Close{}};
  if (std::exchange(state_, State::resting) == State::calling) {
    decisions.emplace_back(exchange::Fail{calls_.front().call, reason});
    calls_.pop_front();
  }
  endpoint_ = (endpoint_ + 1) % config_.endpoints.size();
  if (++failed_ == config_.endpoints.size()) {
    failed_ = 0;
    pause_ns_ = std::clamp(2 * pause_ns_, config_.least_pause_ns, config_.most_pause_ns);
    rest_until_ns_ = saturating_add(now_ns, pause_ns_);
    for (const Waiting& waiting : std::exchange(calls_, {})) {
      decisions.emplace_back(exchange::Fail{waiting.call, reason});
    }
  }
  append(decisions, next(now_ns));
  return decisions;
}

void Exchange::heard() {
  failed_ = 0;
  pause_ns_ = 0;
  rest_until_ns_ = no_time;
}

}  // namespace wallaroo::internal::cluster
