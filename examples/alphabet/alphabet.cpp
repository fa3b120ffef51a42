// Counts votes for letters: binary records in and out.
//
// In:  records of 5 bytes: the letter, and how many votes it gets (32 bits, big-endian).
// Out: records of 9 bytes: the letter, and all its votes so far (64 bits, big-endian).
// Each record is preceded by its length (4 bytes, big-endian).
#include <cstddef>
#include <cstdint>
#include <span>

#include <wallaroo/wallaroo.hpp>

struct Vote {
  char letter;
  std::uint32_t votes;
};

// The state: one for each letter.
struct LetterVotes {
  std::uint64_t total = 0;
};

struct LetterTotal {
  char letter;
  std::uint64_t total;
};

wallaroo::Decoded<Vote> decode(std::span<const std::byte> frame) {
  wallaroo::ByteReader in(frame);
  const Vote vote{in.big_endian<char>(), in.big_endian<std::uint32_t>()};
  if (!in.ok() || in.remaining() != 0) {
    return wallaroo::BadRecord{"a vote has 5 bytes"};
  }
  return vote;
}

LetterTotal add_votes(const Vote& vote, LetterVotes& votes) {
  votes.total += vote.votes;
  return {vote.letter, votes.total};
}

void encode(const LetterTotal& letter, wallaroo::ByteWriter& out) {
  out.append(letter.letter).big_endian(letter.total);
}

int main(int argc, char** argv) {
  wallaroo::Application app("alphabet");
  app.source("votes", wallaroo::tcp_source({.listen = "127.0.0.1:7010"}, decode))
      .key_by("letter", &Vote::letter)
      .to("add_votes", add_votes)
      .to_sink("totals",
               wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, wallaroo::framed(encode)));
  return wallaroo::run(app, argc, argv);
}
