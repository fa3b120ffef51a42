// The first messages of a connection between two workers, by which each learns who the other is.
// docs/formats/links.md has their bytes. Pure but for `make_nonce`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal::link {

// The worker that accepts a connection sends a Greeting, the one that dialled answers with a Hello,
// and the acceptor ends with an Answer. Each of the latter two has a proof that its sender knows
// the token of the cluster: HMAC-SHA256 over the message and the nonces of both sides. Nobody can
// repeat a message of another connection, because its nonces are others, and nobody can send a
// message back as its own, because each kind of message is marked before it is hashed.

using ClusterId = std::array<std::uint8_t, 16>;
/// Random bytes that are used for one connection only.
using Nonce = std::array<std::uint8_t, 16>;

/// Thrown for bytes that are not the messages of a worker of this version.
class HelloError : public Error {
 public:
  using Error::Error;
};

enum class ConnectionKind : std::uint8_t {
  records = 1,  ///< a link: from one executor to one worker
  control = 2,  ///< from a worker to the leader
  move = 3,     ///< the state of key groups, from their old owner to their new one
};

/// Who dials, and what for.
struct Hello {
  ClusterId cluster{};
  std::uint64_t fingerprint = 0;  ///< of the program, its plan and the types on its edges
  std::uint64_t generation = 0;
  std::uint64_t term = 0;         ///< of the leader; 0 unless `kind` is control
  std::uint64_t incarnation = 0;  ///< of the worker that dials
  std::uint16_t from = 0;         ///< its index among the members of the generation
  std::uint16_t executor = 0;     ///< of a link: the executor that dials
  ConnectionKind kind = ConnectionKind::records;
  Nonce nonce{};

  friend bool operator==(const Hello&, const Hello&) = default;
};

enum class AnswerCode : std::uint8_t {
  accepted = 0,
  stale = 1,  ///< the dialer's generation or term is over
  other_cluster = 2,
  other_fingerprint = 3,
  not_authorised = 4,
  not_now = 5,  ///< the acceptor has not come to that generation or term yet
};

struct Answer {
  AnswerCode code = AnswerCode::accepted;
  std::uint64_t generation = 0;  ///< the acceptor's
  std::string text;              ///< why the dialer is refused; at most `most_text` bytes are sent

  friend bool operator==(const Answer&, const Answer&) = default;
};

inline constexpr std::size_t proof_bytes = 32;
inline constexpr std::size_t greeting_bytes = 8 + 16;
inline constexpr std::size_t hello_bytes = 8 + 16 + 4 * 8 + 2 + 2 + 1 + 16 + proof_bytes;
inline constexpr std::size_t most_text = 1000;

/// Throws IoError when the system has no random numbers.
Nonce make_nonce();
/// The id of a cluster is written in keys as 32 hexadecimal digits. Throws ConfigError for others.
ClusterId parse_cluster_id(std::string_view digits);

/// Throws HelloError when the bytes, of which more may follow, begin neither a greeting nor a
/// hello. So a stranger (a browser, say) is refused at its first bytes.
void check_begin(std::string_view arrived);

std::string encode_greeting(const Nonce& nonce);
/// Throws HelloError.
Nonce decode_greeting(std::string_view bytes);

/// The proofs are made and compared with the token, which is empty in a cluster that has none. Then
/// they prove nothing, and whoever can connect is trusted.
std::string encode_hello(const Hello& hello, const Nonce& greeting, std::string_view token);
struct ProvedHello {
  Hello hello;
  bool authentic = false;  ///< the sender knows the token
};
/// Takes `hello_bytes` bytes. Throws HelloError.
ProvedHello decode_hello(std::string_view bytes, const Nonce& greeting, std::string_view token);

/// The nonces of both sides.
struct Nonces {
  Nonce greeting;
  Nonce hello;
};
std::string encode_answer(const Answer& answer, const Nonces& nonces, std::string_view token);
struct ProvedAnswer {
  Answer answer;
  bool authentic = false;  ///< the sender knows the token
};
/// The number of bytes of the answer that begins with these; nothing while too few have arrived.
/// Throws HelloError when they do not begin an answer.
std::optional<std::size_t> answer_bytes(std::string_view begin);
/// Takes as many bytes as `answer_bytes` says. Throws HelloError.
ProvedAnswer decode_answer(std::string_view bytes, const Nonces& nonces, std::string_view token);

/// What an acceptor compares a hello with.
struct Acceptor {
  ClusterId cluster{};
  std::uint64_t fingerprint = 0;
  std::uint64_t generation = 0;
  std::uint64_t term = 0;  ///< 0 when it is not the leader
};
// clang-format off
/// The answer to a hello. The first row that fits decides.
///
/// | the hello                                                     | answer            |
/// |---------------------------------------------------------------|-------------------|
/// | is not authentic                                              | not_authorised    |
/// | names another cluster                                         | other_cluster     |
/// | has another fingerprint                                       | other_fingerprint |
/// | has a lower generation                                        | stale             |
/// | has a higher generation                                       | not_now           |
/// | is for control, and has a lower term                          | stale             |
/// | is for control, and has a higher term, or nobody leads here   | not_now           |
/// | any other                                                     | accepted          |
// clang-format on
/// An acceptor that answers not_now should look into etcd, where there is something new.
Answer judge(const ProvedHello& hello, const Acceptor& acceptor);

/// "stale", "not authorised"
std::string_view name_of(AnswerCode code);

}  // namespace wallaroo::internal::link
