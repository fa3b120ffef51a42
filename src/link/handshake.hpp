// The two sides of the handshake that begins a connection between workers. Pure: bytes in, bytes
// out; who owns the socket moves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "link/hello.hpp"

namespace wallaroo::internal::link {

/// What a side of the handshake does with the bytes that have arrived.
struct HandshakeStep {
  std::size_t used = 0;  ///< so many bytes belong to the handshake; drop them
  std::string send;      ///< to the other side
};

/// The side that dialled. Feed it what arrives until `answer` is there. Bytes behind the answer are
/// the first of the connection itself.
class DialerHandshake {
 public:
  DialerHandshake(const Hello& hello, std::string token);

  /// Takes all bytes that have arrived and were not used yet. Throws HelloError; then close the
  /// connection.
  HandshakeStep take(std::string_view arrived);
  /// The other side's answer, once it is there. One that is not authentic counts as
  /// `not_authorised`, whatever it says: who sent it does not know the token.
  const std::optional<Answer>& answer() const { return answer_; }

 private:
  void read_answer(std::string_view bytes);

  Hello hello_;
  std::string token_;
  std::optional<Nonce> greeting_;
  std::optional<Answer> answer_;
};

/// The side that accepted. Send `greeting` first.
class AcceptorHandshake {
 public:
  /// `judge` is called once with the hello and returns the answer (see link::judge).
  AcceptorHandshake(std::string token, std::function<Answer(const ProvedHello&)> judge);

  std::string greeting() const { return encode_greeting(nonce_); }
  /// Takes all bytes that have arrived and were not used yet. Throws HelloError; then close the
  /// connection.
  HandshakeStep take(std::string_view arrived);
  /// The hello, once it was answered.
  const std::optional<Hello>& hello() const { return hello_; }
  /// Requires that there is a hello. If this is false, send what is to be sent, and close.
  bool accepted() const { return accepted_; }

 private:
  std::string token_;
  std::function<Answer(const ProvedHello&)> judge_;
  Nonce nonce_ = make_nonce();
  std::optional<Hello> hello_;
  bool accepted_ = false;
};

}  // namespace wallaroo::internal::link
