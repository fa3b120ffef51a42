// The requests and answers of etcd's JSON gateway (its API v3 over HTTP), as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/transaction.hpp"
#include "cluster/view_keeper.hpp"

/// The gateway writes whole numbers of 64 bits as strings, bytes in base64, and leaves members out
/// that are 0, false or empty.
namespace wallaroo::internal::cluster::gateway {

/// A POST.
struct Request {
  std::string path;
  std::string body;
};

/// Reads all keys that begin with the prefix, which ends with '/'. Linearizable.
Request range(std::string_view prefix);
Request commit(const Transaction& transaction);
Request grant_lease(std::int64_t ttl_s);
Request keep_alive(std::int64_t lease);
Request revoke(std::int64_t lease);
/// Its answer does not end: it has a line for each `WatchAnswer`.
Request watch(std::string_view prefix, std::int64_t from);

/// etcd has understood the request and does not do it.
struct Refusal {
  static constexpr std::int64_t not_found = 5;
  std::int64_t code = 0;  ///< as in gRPC
  std::string message;
};
struct RangeAnswer {
  EtcdHeader header;
  std::vector<KeyValue> keys;
};
struct CommitAnswer {
  EtcdHeader header;
  bool succeeded = false;
};
struct LeaseAnswer {
  EtcdHeader header;
  std::int64_t lease = 0;
  std::int64_t ttl_s = 0;  ///< 0: there is no such lease
};
/// The first answer to a watch says `created`. A watch whose revision is compacted says that too,
/// and then `canceled`, with a header that has no revision.
struct WatchAnswer {
  EtcdHeader header;
  bool created = false;
  bool canceled = false;
  std::int64_t compact_revision = 0;
  std::vector<KeyEvent> events;
};

/// These read the body of an answer. They throw WrongJson for what is none.
std::variant<RangeAnswer, Refusal> read_range(std::string_view body);
std::variant<CommitAnswer, Refusal> read_commit(std::string_view body);
std::variant<LeaseAnswer, Refusal> read_lease(std::string_view body);
/// Reads one line.
std::variant<WatchAnswer, Refusal> read_watch(std::string_view line);

/// A transaction that puts keys on a lease that does not exist is lost. Any other refusal, such as
/// that of an etcd without a majority, leaves open what becomes of it.
Outcome outcome_of(const std::variant<CommitAnswer, Refusal>& answer);

}  // namespace wallaroo::internal::cluster::gateway
