#include "link/handshake.hpp"

#include <utility>

namespace wallaroo::internal::link {

DialerHandshake::DialerHandshake(const Hello& hello, std::string token)
    : hello_(hello), token_(std::move(token)) {
  hello_.nonce = make_nonce();
}

HandshakeStep DialerHandshake::take(std::string_view arrived) {
  HandshakeStep step;
  if (!greeting_) {
    check_begin(arrived);
  }
  if (!greeting_ && arrived.size() >= greeting_bytes) {
    greeting_ = decode_greeting(arrived.substr(0, greeting_bytes));
    step.used = greeting_bytes;
    step.send = encode_hello(hello_, *greeting_, token_);
  }
  if (!greeting_ || answer_) {
    return step;
  }
  const std::string_view rest = arrived.substr(step.used);
  const auto bytes = answer_bytes(rest);
  if (bytes && rest.size() >= *bytes) {
    read_answer(rest.substr(0, *bytes));
    step.used += *bytes;
  }
  return step;
}

void DialerHandshake::read_answer(std::string_view bytes) {
  ProvedAnswer proved = decode_answer(bytes, {*greeting_, hello_.nonce}, token_);
  if (!proved.authentic) {
    proved.answer.code = AnswerCode::not_authorised;
    proved.answer.text =
        "the token of the other worker is not that of this worker: start both with the same "
        "--cluster-token-file";
  }
  answer_ = std::move(proved.answer);
}

AcceptorHandshake::AcceptorHandshake(std::string token,
                                     std::function<Answer(const ProvedHello&)> judge)
    : token_(std::move(token)), judge_(std::move(judge)) {}

HandshakeStep AcceptorHandshake::take(std::string_view arrived) {
  if (hello_) {
    return {};
  }
  check_begin(arrived);
  if (arrived.size() < hello_bytes) {
    return {};
  }
  const ProvedHello proved = decode_hello(arrived.substr(0, hello_bytes), nonce_, token_);
  const Answer answer = judge_(proved);
  hello_ = proved.hello;
  accepted_ = answer.code == AnswerCode::accepted;
  return {hello_bytes, encode_answer(answer, {nonce_, hello_->nonce}, token_)};
}

}  // namespace wallaroo::internal::link
