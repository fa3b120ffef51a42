#include "cluster/etcd/client.hpp"

#include <utility>

#include <fmt/format.h>

#include "cluster/etcd/connection.hpp"
#include "cluster/json_fields.hpp"

namespace wallaroo::internal::cluster {

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t answer_ns = 1000 * ms;
constexpr std::int64_t most_pause_ns = 1000 * ms;
/// Leases have little time left when etcd is back, so somebody looks more often than once a second.
constexpr std::int64_t most_pause_of_leases_ns = 200 * ms;

template <class Answer>
using Read = std::variant<Answer, gateway::Refusal> (*)(std::string_view);

NoAnswer no_etcd(std::string_view where, const WrongJson& wrong) {
  return {NoAnswer::Because::refusal,
          fmt::format("what answers as {} is no etcd with a JSON gateway: its answer {}", where,
                      wrong.what())};
}

std::variant<CommitAnswer, gateway::Refusal> read_commit(std::string_view body) {
  return gateway::with_lease_lost(gateway::read_commit(body));
}

}  // namespace

class EtcdClient::Impl {
 public:
  Impl(boost::asio::io_context& io, const EtcdAccess& access, std::string prefix)
      : access_(access),
        prefix_(std::move(prefix)),
        calls_(io, access.endpoints, exchange_config(access.endpoints, most_pause_ns)),
        leases_(io, access.endpoints, exchange_config(access.endpoints, most_pause_of_leases_ns)),
        watch_(io, access.endpoints, exchange_config(access.endpoints, most_pause_ns)) {}

  void range(Then<RangeAnswer> then) {
    ask<RangeAnswer>({calls_, gateway::range(prefix_), answer_ns}, &gateway::read_range,
                     std::move(then));
  }
  void commit(const Transaction& transaction, Then<CommitAnswer> then) {
    ask<CommitAnswer>({calls_, gateway::commit(transaction), answer_ns}, &read_commit,
                      std::move(then));
  }
  void grant(std::int64_t ttl_s, Then<LeaseAnswer> then) {
    ask<LeaseAnswer>({calls_, gateway::grant_lease(ttl_s), answer_ns}, &gateway::read_lease,
                     std::move(then));
  }
  void keep_alive(std::int64_t lease, std::int64_t limit_ns, Then<LeaseAnswer> then) {
    ask<LeaseAnswer>({leases_, gateway::keep_alive(lease), limit_ns}, &gateway::read_lease,
                     std::move(then));
  }
  void revoke(std::int64_t lease, Then<LeaseAnswer> then) {
    ask<LeaseAnswer>({calls_, gateway::revoke(lease), answer_ns}, &gateway::read_lease,
                     std::move(then));
  }

  void watch(std::int64_t from, Told told) {
    watch_.cancel(std::exchange(watching_, 0));
    EtcdConnection::Call call;
    call.request = gateway::watch(prefix_, from);
    call.token = token_;
    call.heard = [this, told](std::string_view line) { heard(line, told); };
    call.done = [this, told](const auto&) {
      watching_ = 0;
      told(std::nullopt);
    };
    watching_ = watch_.call(std::move(call));
  }

 private:
  struct Question {
    EtcdConnection& over;
    gateway::Request request;
    std::int64_t limit_ns = 0;
    bool with_new_token = false;  ///< it was asked before, with a token that etcd has forgotten
  };

  /// Asks, after it has got a token if there is none.
  template <class Answer>
  void ask(Question question, Read<Answer> read, Then<Answer> then) {
    if (access_.user.empty() || without_users_ || !token_.empty()) {
      return send<Answer>(std::move(question), read, std::move(then));
    }
    EtcdConnection::Call call;
    call.request = gateway::authenticate(access_.user, access_.password);
    call.limit_ns = question.limit_ns;
    EtcdConnection& over = question.over;
    call.done = [this, question = std::move(question), read,
                 then = std::move(then)](const std::variant<std::string, NoAnswer>& body) {
      if (const auto failed = keep_token(question, body)) {
        then(*failed);
      } else {
        send<Answer>(question, read, then);
      }
    };
    over.call(std::move(call));
  }

  /// Returns why there is no token, if there is none.
  std::optional<NoAnswer> keep_token(const Question& question,
                                     const std::variant<std::string, NoAnswer>& body) {
    if (const auto* none = std::get_if<NoAnswer>(&body)) {
      return *none;
    }
    try {
      const auto answer = gateway::read_authentication(std::get<std::string>(body));
      if (const auto* token = std::get_if<std::string>(&answer)) {
        token_ = *token;
        return std::nullopt;
      }
      const auto& refusal = std::get<gateway::Refusal>(answer);
      without_users_ = refusal.code == gateway::Refusal::failed_precondition;
      return without_users_ ? std::nullopt
                            : std::optional(gateway::no_answer(refusal, question.over.where()));
    } catch (const WrongJson& wrong) {
      return no_etcd(question.over.where(), wrong);
    }
  }

  template <class Answer>
  void send(Question question, Read<Answer> read, Then<Answer> then) {
    EtcdConnection::Call call;
    call.request = question.request;
    call.limit_ns = question.limit_ns;
    call.token = token_;
    EtcdConnection& over = question.over;
    call.done = [this, question = std::move(question), read,
                 then = std::move(then)](const std::variant<std::string, NoAnswer>& body) {
      if (const auto* none = std::get_if<NoAnswer>(&body)) {
        return then(*none);
      }
      understand<Answer>(question, std::get<std::string>(body), read, then);
    };
    over.call(std::move(call));
  }

  template <class Answer>
  void understand(const Question& question, std::string_view body, Read<Answer> read,
                  const Then<Answer>& then) {
    try {
      const auto answer = read(body);
      if (const auto* good = std::get_if<Answer>(&answer)) {
        return then(*good);
      }
      const auto& refusal = std::get<gateway::Refusal>(answer);
      const bool forgotten = refusal.code == gateway::Refusal::unauthenticated;
      if (forgotten && !token_.empty() && !question.with_new_token) {
        token_.clear();
        return ask<Answer>({question.over, question.request, question.limit_ns, true}, read, then);
      }
      without_users_ = false;  // somebody may have enabled them since
      then(gateway::no_answer(refusal, question.over.where()));
    } catch (const WrongJson& wrong) {
      then(no_etcd(question.over.where(), wrong));
    }
  }

  /// Passes on what a line of the watch says. What is no news ends it.
  void heard(std::string_view line, const Told& told) {
    try {
      const auto answer = gateway::read_watch(line);
      const auto* said = std::get_if<gateway::WatchAnswer>(&answer);
      if (said != nullptr && !said->canceled) {
        if (!said->events.empty()) {
          told(WatchNews{said->header, said->events});
        }
        return;
      }
      const auto* refusal = std::get_if<gateway::Refusal>(&answer);
      if (refusal != nullptr && refusal->code == gateway::Refusal::unauthenticated) {
        token_.clear();  // the call that follows gets another one
      }
    } catch (const WrongJson&) {
    }
    watch_.cancel(std::exchange(watching_, 0));
    told(std::nullopt);
  }

  EtcdAccess access_;
  std::string prefix_;
  std::string token_;
  bool without_users_ = false;  ///< etcd knows no users, and takes everybody
  EtcdConnection calls_;
  EtcdConnection leases_;
  EtcdConnection watch_;
  std::uint64_t watching_ = 0;
};

EtcdClient::EtcdClient(boost::asio::io_context& io, const EtcdAccess& access, std::string prefix)
    : impl_(std::make_unique<Impl>(io, access, std::move(prefix))) {}
EtcdClient::~EtcdClient() = default;

void EtcdClient::range(Then<RangeAnswer> then) { impl_->range(std::move(then)); }
void EtcdClient::commit(const Transaction& transaction, Then<CommitAnswer> then) {
  impl_->commit(transaction, std::move(then));
}
void EtcdClient::grant(std::int64_t ttl_s, Then<LeaseAnswer> then) {
  impl_->grant(ttl_s, std::move(then));
}
void EtcdClient::keep_alive(std::int64_t lease, std::int64_t limit_ns, Then<LeaseAnswer> then) {
  impl_->keep_alive(lease, limit_ns, std::move(then));
}
void EtcdClient::revoke(std::int64_t lease, Then<LeaseAnswer> then) {
  impl_->revoke(lease, std::move(then));
}
void EtcdClient::watch(std::int64_t from, Told told) { impl_->watch(from, std::move(told)); }

}  // namespace wallaroo::internal::cluster
