#include "cluster/etcd/connection.hpp"

#include <chrono>
#include <utility>

#include "cluster/etcd/line.hpp"

namespace wallaroo::internal::cluster {

ExchangeConfig exchange_config(const std::vector<HostPort>& endpoints, std::int64_t most_pause_ns) {
  ExchangeConfig config;
  for (const HostPort& endpoint : endpoints) {
    config.endpoints.push_back(endpoint.to_string());
  }
  config.most_pause_ns = most_pause_ns;
  return config;
}

EtcdConnection::EtcdConnection(boost::asio::io_context& io, std::vector<HostPort> endpoints,
                               ExchangeConfig config)
    : io_(io), endpoints_(std::move(endpoints)), exchange_(std::move(config)), timer_(io) {}

EtcdConnection::~EtcdConnection() {
  if (line_) {
    line_->leave();
  }
}

std::uint64_t EtcdConnection::call(Call call) {
  const std::uint64_t number = ++last_call_;
  const std::int64_t limit_ns = call.limit_ns;
  calls_.emplace(number, std::move(call));
  carry_out(exchange_.call(number, limit_ns, now()));
  return number;
}

void EtcdConnection::cancel(std::uint64_t call) {
  calls_.erase(call);
  carry_out(exchange_.cancel(call, now()));
}

void EtcdConnection::carry_out(const ExchangeDecisions& decisions) {
  for (const ExchangeDecision& decision : decisions) {
    std::visit([this](const auto& what) { carry_out_one(what); }, decision);
  }
  arm();
}

void EtcdConnection::carry_out_one(const exchange::Dial& dial) {
  dialed_ = dial.endpoint;
  line_ = std::make_shared<Line>(io_, *this);
  line_->dial(endpoints_[dial.endpoint]);
}

void EtcdConnection::carry_out_one(const exchange::Send& send) {
  line_->send(send.call, calls_.at(send.call), endpoints_[dialed_].to_string());
}

void EtcdConnection::carry_out_one(const exchange::Close&) {
  if (line_) {
    line_->leave();
    line_.reset();
  }
}

/// From a later turn, so that nobody who calls meets the failure of the call before it has
/// returned.
void EtcdConnection::carry_out_one(const exchange::Fail& fail) {
  auto call = calls_.extract(fail.call);
  if (call.empty()) {
    return;
  }
  failed_.emplace_back(std::move(call.mapped().done),
                       NoAnswer{NoAnswer::Because::silence, fail.reason});
}

void EtcdConnection::arm() {
  const std::int64_t next = failed_.empty() ? exchange_.next_wakeup_ns() : no_time;
  if (next == armed_ns_) {
    return;
  }
  armed_ns_ = next;
  if (next == end_of_time) {
    timer_.cancel();
    return;
  }
  const std::chrono::nanoseconds at(next == no_time ? 0 : next);
  timer_.expires_at(std::chrono::steady_clock::time_point(at));
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
    if (!error && !alive.expired()) {
      tick();
    }
  });
}

void EtcdConnection::tick() {
  armed_ns_ = end_of_time;
  auto failed = std::exchange(failed_, {});
  carry_out(exchange_.on_time(now()));
  for (const auto& [done, reason] : failed) {
    done(reason);
  }
}

void EtcdConnection::connected() { carry_out(exchange_.on_connected(now())); }

/// The resting connection has bytes that nobody has asked for, or its end.
void EtcdConnection::unasked() {
  if (exchange_.state() == Exchange::State::ready) {
    broken("closed by the server");
  }
}

void EtcdConnection::heard(std::uint64_t call, std::string_view line) {
  carry_out(exchange_.on_part());
  if (const auto found = calls_.find(call); found != calls_.end()) {
    const auto tell = found->second.heard;  // which may cancel the call
    tell(line);
  }
}

void EtcdConnection::answered(std::uint64_t number, std::string body, bool stays) {
  auto call = calls_.extract(number);
  carry_out(exchange_.on_answered(stays, now()));
  if (line_ && exchange_.state() == Exchange::State::ready) {
    line_->rest();
  }
  if (!call.empty()) {
    call.mapped().done(std::move(body));
  }
}

void EtcdConnection::broken(const std::string& reason) {
  carry_out(exchange_.on_broken(reason, now()));
}

}  // namespace wallaroo::internal::cluster
