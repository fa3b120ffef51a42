// The requests and answers of etcd's JSON gateway (its API v3 over HTTP), as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/coordination.hpp"

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
/// Asks for a token, with which the requests of a user begin.
Request authenticate(std::string_view user, std::string_view password);

/// etcd has understood the request and does not do it.
struct Refusal {
  static constexpr std::int64_t invalid_argument = 3;
  static constexpr std::int64_t not_found = 5;
  static constexpr std::int64_t permission_denied = 7;
  static constexpr std::int64_t failed_precondition = 9;
  static constexpr std::int64_t unauthenticated = 16;
  std::int64_t code = 0;  ///< as in gRPC
  std::string message;
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

/// Returns the token.
std::variant<std::string, Refusal> read_authentication(std::string_view body);

/// A transaction that puts keys on a lease that does not exist is lost. What becomes of one that is
/// refused otherwise, such as by an etcd without a majority, is not known.
std::variant<CommitAnswer, Refusal> with_lease_lost(std::variant<CommitAnswer, Refusal> answer);

/// Says why a refused request has no answer. `where` is "etcd at HOST:PORT".
NoAnswer no_answer(const Refusal& refusal, std::string_view where);

}  // namespace wallaroo::internal::cluster::gateway
