#include "link/hello.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <boost/algorithm/hex.hpp>

#include "record/stored/stored_bytes.hpp"

namespace wallaroo::internal::link {

namespace {

constexpr std::string_view magic = "WALLINK1";
constexpr std::size_t answer_head_bytes = 1 + 8 + 2;
constexpr std::string_view hello_mark = "wallaroo hello";
constexpr std::string_view answer_mark = "wallaroo answer";

using Proof = std::array<std::uint8_t, proof_bytes>;

std::string_view bytes_of(const Nonce& nonce) {
  return {reinterpret_cast<const char*>(nonce.data()), nonce.size()};
}

Proof prove(std::string_view message, std::string_view token) {
  Proof proof;
  unsigned int size = proof_bytes;
  // A null key would mean "the key of the last call".
  const void* const key = token.empty() ? "" : token.data();
  const auto* const done = ::HMAC(EVP_sha256(), key, static_cast<int>(token.size()),
                                  reinterpret_cast<const unsigned char*>(message.data()),
                                  message.size(), proof.data(), &size);
  if (done == nullptr || size != proof_bytes) {
    throw Error("the library of cryptography cannot compute HMAC-SHA256");
  }
  return proof;
}

bool proves(std::string_view proof, std::string_view message, std::string_view token) {
  return CRYPTO_memcmp(proof.data(), prove(message, token).data(), proof_bytes) == 0;
}

std::string proved_hello(std::string_view hello, const Nonce& greeting) {
  return fmt::format("{}{}{}", hello_mark, hello, bytes_of(greeting));
}

std::string proved_answer(std::string_view answer, const Nonces& nonces) {
  return fmt::format("{}{}{}{}", answer_mark, answer, bytes_of(nonces.greeting),
                     bytes_of(nonces.hello));
}

void take_magic(StoredReader& in) { check_begin(in.get_bytes(magic.size())); }

/// Runs `decode`. Bytes that are missing are the other side's mistake.
template <class Decode>
auto decoded(std::string_view what, Decode decode) {
  try {
    return decode();
  } catch (const StoredError& error) {
    throw HelloError(fmt::format("a {} that arrived is no such message: {}", what, error.what()));
  }
}

ConnectionKind kind_of(std::uint8_t number) {
  if (number < 1 || number > 3) {
    throw HelloError(fmt::format("a hello asks for a connection of the unknown kind {}", number));
  }
  return static_cast<ConnectionKind>(number);
}

Answer refusal(AnswerCode code, std::uint64_t generation, std::string text) {
  return {code, generation, std::move(text)};
}

Answer judge_term(const Hello& hello, const Acceptor& acceptor) {
  if (hello.kind != ConnectionKind::control ||
      (hello.term == acceptor.term && acceptor.term != 0)) {
    return {AnswerCode::accepted, acceptor.generation, ""};
  }
  if (hello.term < acceptor.term) {
    return refusal(AnswerCode::stale, acceptor.generation,
                   fmt::format("term {} is over, this is {}", hello.term, acceptor.term));
  }
  return refusal(AnswerCode::not_now, acceptor.generation,
                 fmt::format("this worker does not lead in term {}", hello.term));
}

}  // namespace

Nonce make_nonce() {
  Nonce nonce;
  if (::RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) != 1) {
    throw IoError("the system has no random numbers for a connection to another worker");
  }
  return nonce;
}

ClusterId parse_cluster_id(std::string_view digits) {
  ClusterId id{};
  try {
    if (digits.size() == 2 * id.size()) {
      boost::algorithm::unhex(digits.begin(), digits.end(), id.begin());
      return id;
    }
  } catch (const boost::algorithm::hex_decode_error&) {
    // Described below.
  }
  throw ConfigError(
      fmt::format("the id of a cluster has 32 hexadecimal digits, which '{}' has not", digits));
}

void check_begin(std::string_view arrived) {
  if (!magic.starts_with(arrived.substr(0, magic.size()))) {
    throw HelloError(
        "the other side is not a worker of this version of wallaroo: its first bytes are others");
  }
}

std::string encode_greeting(const Nonce& nonce) {
  return fmt::format("{}{}", magic, bytes_of(nonce));
}

Nonce decode_greeting(std::string_view bytes) {
  return decoded("greeting", [&] {
    StoredReader in(bytes);
    take_magic(in);
    return in.get<Nonce>();
  });
}

std::string encode_hello(const Hello& hello, const Nonce& greeting, std::string_view token) {
  StoredWriter out;
  out.put_bytes(magic.data(), magic.size());
  out.put(hello.cluster);
  out.put(hello.fingerprint);
  out.put(hello.generation);
  out.put(hello.term);
  out.put(hello.incarnation);
  out.put(hello.from);
  out.put(hello.executor);
  out.put(hello.kind);
  out.put(hello.nonce);
  out.put(prove(proved_hello(out.bytes(), greeting), token));
  return out.take();
}

ProvedHello decode_hello(std::string_view bytes, const Nonce& greeting, std::string_view token) {
  return decoded("hello", [&] {
    StoredReader in(bytes);
    take_magic(in);
    ProvedHello proved;
    Hello& hello = proved.hello;
    hello.cluster = in.get<ClusterId>();
    hello.fingerprint = in.get<std::uint64_t>();
    hello.generation = in.get<std::uint64_t>();
    hello.term = in.get<std::uint64_t>();
    hello.incarnation = in.get<std::uint64_t>();
    hello.from = in.get<std::uint16_t>();
    hello.executor = in.get<std::uint16_t>();
    hello.kind = kind_of(in.get<std::uint8_t>());
    hello.nonce = in.get<Nonce>();
    proved.authentic =
        proves(in.get_bytes(proof_bytes),
               proved_hello(bytes.substr(0, hello_bytes - proof_bytes), greeting), token);
    return proved;
  });
}

std::string encode_answer(const Answer& answer, const Nonces& nonces, std::string_view token) {
  const std::string_view text = std::string_view(answer.text).substr(0, most_text);
  StoredWriter out;
  out.put(answer.code);
  out.put(answer.generation);
  out.put(static_cast<std::uint16_t>(text.size()));
  out.put_bytes(text.data(), text.size());
  out.put(prove(proved_answer(out.bytes(), nonces), token));
  return out.take();
}

std::optional<std::size_t> answer_bytes(std::string_view begin) {
  if (begin.size() < answer_head_bytes) {
    return std::nullopt;
  }
  StoredReader in(begin.substr(answer_head_bytes - 2));
  const std::size_t text = in.get<std::uint16_t>();
  if (text > most_text) {
    throw HelloError(
        fmt::format("an answer has a text of {} bytes; {} is the most", text, most_text));
  }
  return answer_head_bytes + text + proof_bytes;
}

ProvedAnswer decode_answer(std::string_view bytes, const Nonces& nonces, std::string_view token) {
  return decoded("answer", [&] {
    StoredReader in(bytes);
    ProvedAnswer proved;
    proved.answer.code = static_cast<AnswerCode>(in.get_choice("the code of an answer", 6));
    proved.answer.generation = in.get<std::uint64_t>();
    proved.answer.text = in.get_bytes(in.get<std::uint16_t>());
    const std::size_t size = bytes.size() - in.left();
    proved.authentic =
        proves(in.get_bytes(proof_bytes), proved_answer(bytes.substr(0, size), nonces), token);
    return proved;
  });
}

Answer judge(const ProvedHello& proved, const Acceptor& acceptor) {
  const Hello& hello = proved.hello;
  const std::uint64_t here = acceptor.generation;
  if (!proved.authentic) {
    return refusal(AnswerCode::not_authorised, here,
                   "the token of the worker that dials is not that of this worker: start both with "
                   "the same --cluster-token-file");
  }
  if (hello.cluster != acceptor.cluster) {
    return refusal(AnswerCode::other_cluster, here, "this worker belongs to another cluster");
  }
  if (hello.fingerprint != acceptor.fingerprint) {
    return refusal(AnswerCode::other_fingerprint, here,
                   "the programs of the two workers differ: start the same build everywhere");
  }
  if (hello.generation < here) {
    return refusal(AnswerCode::stale, here,
                   fmt::format("generation {} is over, this is {}", hello.generation, here));
  }
  if (hello.generation > here) {
    return refusal(
        AnswerCode::not_now, here,
        fmt::format("this worker is in generation {}, not yet in {}", here, hello.generation));
  }
  return judge_term(hello, acceptor);
}

std::string_view name_of(AnswerCode code) {
  constexpr std::array<std::string_view, 6> names{
      "accepted", "stale", "other cluster", "other fingerprint", "not authorised", "not now"};
  return names.at(static_cast<std::size_t>(code));
}

}  // namespace wallaroo::internal::link
