#include "cluster/etcd/gateway.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <boost/beast/core/detail/base64.hpp>

#include "cluster/json_fields.hpp"

namespace wallaroo::internal::cluster::gateway {

namespace {

namespace json = boost::json;
namespace base64 = boost::beast::detail::base64;

std::string encode(std::string_view bytes) {
  std::string text(base64::encoded_size(bytes.size()), '\0');
  text.resize(base64::encode(text.data(), bytes.data(), bytes.size()));
  return text;
}

std::string decode(std::string_view text) {
  std::string bytes;
  if (text.size() % 4 == 0) {  // the library writes beyond `decoded_size` for other texts
    bytes.resize(base64::decoded_size(text.size()));
    bytes.resize(base64::decode(bytes.data(), text.data(), text.size()).first);
  }
  if (encode(bytes) != text) {
    throw WrongJson("has a string that is not base64");
  }
  return bytes;
}

/// The end of the keys that begin with `prefix`.
std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

json::value parse(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) {
    throw WrongJson("is not a JSON object");
  }
  return value;
}

/// Returns an empty object if there is none of that name.
const json::object& part(const json::object& object, std::string_view name) {
  static const json::object nothing;
  const json::value* found = object.if_contains(name);
  if (found == nullptr) {
    return nothing;
  }
  if (!found->is_object()) {
    throw WrongJson(fmt::format("has a member '{}' that is no object", name));
  }
  return found->get_object();
}

const json::array& list(const json::object& object, std::string_view name) {
  static const json::array nothing;
  const json::value* found = object.if_contains(name);
  if (found == nullptr) {
    return nothing;
  }
  if (!found->is_array()) {
    throw WrongJson(fmt::format("has a member '{}' that is no array", name));
  }
  return found->get_array();
}

std::string_view text(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr) {
    return {};
  }
  if (!found->is_string()) {
    throw WrongJson(fmt::format("has a member '{}' that is no string", name));
  }
  return {found->get_string().data(), found->get_string().size()};
}

template <class Number>
Number number(const json::object& object, std::string_view name) {
  const std::string_view digits = text(object, name);
  Number parsed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!digits.empty() && !whole) {
    throw WrongJson(fmt::format("has a member '{}' that is no whole number", name));
  }
  return parsed;
}

bool flag(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

EtcdHeader header_of(const json::object& answer) {
  const json::object& header = part(answer, "header");
  return {number<std::uint64_t>(header, "cluster_id"), number<std::int64_t>(header, "revision")};
}

KeyValue key_of(const json::object& kv) {
  return {decode(text(kv, "key")), decode(text(kv, "value")),
          number<std::int64_t>(kv, "create_revision"), number<std::int64_t>(kv, "mod_revision"),
          number<std::int64_t>(kv, "lease")};
}

const json::object& object_of(const json::value& value) {
  if (!value.is_object()) {
    throw WrongJson("has an array of something else than objects");
  }
  return value.get_object();
}

Refusal refusal_of(const json::object& answer) {
  const json::value* code = answer.if_contains("code");
  const bool has_code = code != nullptr && code->is_int64();
  return {has_code ? code->get_int64() : 0, std::string(text(answer, "message"))};
}

/// Returns the answer itself: a stream of answers wraps each of them in an object.
const json::object& unwrapped(const json::object& answer) {
  return answer.contains("result") ? part(answer, "result") : answer;
}

json::object compare_of(const Guard& guard) {
  const bool created = guard.of == Guard::Of::create_revision;
  return {{"key", encode(guard.key)},
          {"target", created ? "CREATE" : "MOD"},
          {"result", "EQUAL"},
          {created ? "create_revision" : "mod_revision", std::to_string(guard.is)}};
}

json::object put_of(const Put& put) {
  json::object one{{"key", encode(put.key)}, {"value", encode(put.value)}};
  if (put.lease != 0) {
    one["lease"] = std::to_string(put.lease);
  }
  return {{"request_put", std::move(one)}};
}

Request of_lease(const char* path, std::int64_t lease) {
  return {path, json::serialize(json::object{{"ID", std::to_string(lease)}})};
}

}  // namespace

Request range(std::string_view prefix) {
  return {"/v3/kv/range", json::serialize(json::object{{"key", encode(prefix)},
                                                       {"range_end", encode(end_of(prefix))}})};
}

Request commit(const Transaction& transaction) {
  json::array compares;
  for (const Guard& guard : transaction.guards) {
    compares.push_back(compare_of(guard));
  }
  json::array puts;
  for (const Put& put : transaction.puts) {
    puts.push_back(put_of(put));
  }
  return {"/v3/kv/txn", json::serialize(json::object{{"compare", std::move(compares)},
                                                     {"success", std::move(puts)}})};
}

Request grant_lease(std::int64_t ttl_s) {
  return {"/v3/lease/grant", json::serialize(json::object{{"TTL", std::to_string(ttl_s)}})};
}
Request keep_alive(std::int64_t lease) { return of_lease("/v3/lease/keepalive", lease); }
Request revoke(std::int64_t lease) { return of_lease("/v3/lease/revoke", lease); }

Request watch(std::string_view prefix, std::int64_t from) {
  return {"/v3/watch",
          json::serialize(json::object{
              {"create_request", json::object{{"key", encode(prefix)},
                                              {"range_end", encode(end_of(prefix))},
                                              {"start_revision", std::to_string(from)}}}})};
}

Request authenticate(std::string_view user, std::string_view password) {
  return {"/v3/auth/authenticate",
          json::serialize(json::object{{"name", user}, {"password", password}})};
}

std::variant<RangeAnswer, Refusal> read_range(std::string_view body) {
  const json::value value = parse(body);
  const json::object& answer = value.get_object();
  if (answer.contains("error")) {
    return refusal_of(answer);
  }
  RangeAnswer read{header_of(answer), {}};
  for (const json::value& kv : list(answer, "kvs")) {
    read.keys.push_back(key_of(object_of(kv)));
  }
  return read;
}

std::variant<CommitAnswer, Refusal> read_commit(std::string_view body) {
  const json::value value = parse(body);
  const json::object& answer = value.get_object();
  if (answer.contains("error")) {
    return refusal_of(answer);
  }
  return CommitAnswer{header_of(answer), flag(answer, "succeeded")};
}

std::variant<LeaseAnswer, Refusal> read_lease(std::string_view body) {
  const json::value value = parse(body);
  if (value.get_object().contains("error")) {
    return refusal_of(value.get_object());
  }
  const json::object& answer = unwrapped(value.get_object());
  return LeaseAnswer{header_of(answer), number<std::int64_t>(answer, "ID"),
                     number<std::int64_t>(answer, "TTL")};
}

std::variant<WatchAnswer, Refusal> read_watch(std::string_view line) {
  const json::value value = parse(line);
  if (value.get_object().contains("error")) {
    const json::value* error = value.get_object().if_contains("error");
    return refusal_of(error->is_object() ? error->get_object() : value.get_object());
  }
  const json::object& answer = unwrapped(value.get_object());
  WatchAnswer read{header_of(answer),
                   flag(answer, "created"),
                   flag(answer, "canceled"),
                   number<std::int64_t>(answer, "compact_revision"),
                   {}};
  for (const json::value& one : list(answer, "events")) {
    const json::object& event = object_of(one);
    read.events.push_back({key_of(part(event, "kv")), text(event, "type") == "DELETE"});
  }
  return read;
}

std::variant<std::string, Refusal> read_authentication(std::string_view body) {
  const json::value value = parse(body);
  const json::object& answer = value.get_object();
  if (answer.contains("error")) {
    return refusal_of(answer);
  }
  return std::string(text(answer, "token"));
}

std::variant<CommitAnswer, Refusal> with_lease_lost(std::variant<CommitAnswer, Refusal> answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  if (refusal != nullptr && refusal->code == Refusal::not_found) {
    return CommitAnswer{};
  }
  return answer;
}

NoAnswer no_answer(const Refusal& refusal, std::string_view where) {
  // etcd has no code of its own for a request without a user, and for a wrong password.
  const bool of_user = refusal.code == Refusal::invalid_argument &&
                       (refusal.message.find("user") != std::string::npos ||
                        refusal.message.find("password") != std::string::npos);
  const bool credentials = of_user || refusal.code == Refusal::permission_denied ||
                           refusal.code == Refusal::unauthenticated;
  return {credentials ? NoAnswer::Because::credentials : NoAnswer::Because::refusal,
          fmt::format("{} refuses: {}", where, refusal.message)};
}

}  // namespace wallaroo::internal::cluster::gateway
