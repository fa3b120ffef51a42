// What a member asks of etcd, whatever stands between them: sockets or a simulated network.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/transaction.hpp"
#include "cluster/view_keeper.hpp"

namespace wallaroo::internal::cluster {

struct RangeAnswer {
  EtcdHeader header;
  std::vector<KeyValue> keys;
};
struct CommitAnswer {
  EtcdHeader header;  ///< all 0 if the transaction was lost because its lease does not exist
  bool succeeded = false;
};
struct LeaseAnswer {
  EtcdHeader header;
  std::int64_t lease = 0;
  std::int64_t ttl_s = 0;  ///< 0: there is no such lease
};
struct WatchNews {
  EtcdHeader header;
  std::vector<KeyEvent> events;
};

/// Why a call has no answer.
struct NoAnswer {
  enum class Because : std::uint8_t {
    silence,      ///< nobody answered; the call may have had its effect, or may have it later
    credentials,  ///< etcd does not know the user or the password, or forbids the user this
    refusal  ///< etcd answers, but cannot do it, as without a majority; effects as after silence
  };
  Because because = Because::silence;
  std::string message;  ///< a sentence without its end: "etcd at 10.0.0.1:2379 refuses: no leader"

  friend bool operator==(const NoAnswer&, const NoAnswer&) = default;
};

/// The calls of one member to etcd. No call waits. Every call is answered once, from a later turn
/// of the caller's loop, and after the destructor no call is answered any more. All on one thread.
class Coordination {
 public:
  template <class Answer>
  using Then = std::function<void(const std::variant<Answer, NoAnswer>&)>;

  virtual ~Coordination() = default;

  /// Reads all keys of the cluster, linearizably.
  virtual void range(Then<RangeAnswer> then) = 0;
  virtual void commit(const Transaction& transaction, Then<CommitAnswer> then) = 0;
  /// etcd may grant more time than was asked for.
  virtual void grant(std::int64_t ttl_s, Then<LeaseAnswer> then) = 0;
  /// Is answered within `limit_ns`, or has no answer.
  virtual void keep_alive(std::int64_t lease, std::int64_t limit_ns, Then<LeaseAnswer> then) = 0;
  /// Gives a lease up, and with it all keys that hang on it.
  virtual void revoke(std::int64_t lease, Then<LeaseAnswer> then) = 0;

  /// Called for every change; last with nothing, when the watch has ended for whatever reason.
  using Told = std::function<void(const std::optional<WatchNews>&)>;
  /// Watches all keys of the cluster from this revision on. The watch before ends without a call.
  virtual void watch(std::int64_t from, Told told) = 0;
};

/// What became of a transaction, as far as the answer tells.
Outcome outcome_of(const std::variant<CommitAnswer, NoAnswer>& answer);

}  // namespace wallaroo::internal::cluster
