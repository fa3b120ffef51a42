// Hashing words a length class at a time.
//
// XXH3 and the comparison of words branch on the length of their input: 1..3, 4..8, 9..16 or more
// bytes. Words come in no order of length, so those branches are mispredicted for a good part of
// them. Gathered by class first and hashed in runs of one class, they are not: a sixth of the whole
// running time. Equal words are of one class, so the order of a word's occurrences is kept.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "limits/word_table.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench {

// `kSlack` is how many words the caller may add between two calls of hash_full.
template <std::size_t kSlack>
class WordRuns {
 public:
  void add(std::string_view word) {
    const std::size_t size = word.size();
    Run& run = runs_[std::size_t{size > 3} + std::size_t{size > 8} + std::size_t{size > 16}];
    run.words[run.size++] = word;
  }

  // Calls `take(const HashedWord&)` for the words of every run that has no room for `kSlack` more,
  // and `pause()` before each `kSlack` of them.
  template <class Take, class Pause>
  void hash_full(Take&& take, Pause&& pause) {
    hash_longer_than(kRunWords, take, pause);
  }

  template <class Take, class Pause>
  void hash_all(Take&& take, Pause&& pause) {
    hash_longer_than(0, take, pause);
  }

 private:
  static constexpr std::size_t kRunWords = 1024;

  struct Run {
    std::size_t size = 0;
    std::array<std::string_view, kRunWords + kSlack> words;
  };

  template <class Take, class Pause>
  void hash_longer_than(std::size_t size, Take& take, Pause& pause) {
    if (runs_[0].size > size) hash_run<1, 3>(runs_[0], take, pause);
    if (runs_[1].size > size) hash_run<4, 8>(runs_[1], take, pause);
    if (runs_[2].size > size) hash_run<9, 16>(runs_[2], take, pause);
    if (runs_[3].size > size) hash_run<17, ~std::size_t{0}>(runs_[3], take, pause);
  }

  // Not inlined: the loops of all classes and the splitting in one function spill registers.
  template <std::size_t kShortest, std::size_t kLongest, class Take, class Pause>
  [[gnu::noinline]] static void hash_run(Run& run, Take take, Pause pause) {
    for (std::size_t at = 0; at < run.size;) {
      pause();
      const std::size_t end = std::min(at + kSlack, run.size);
      for (; at < end; ++at) {
        const std::string_view word = run.words[at];
        // Lets the compiler drop the branches of the other classes.
        if (word.size() < kShortest || word.size() > kLongest) __builtin_unreachable();
        take(HashedWord{hash_text(word), word.data(), word.size()});
      }
    }
    run.size = 0;
  }

  std::array<Run, 4> runs_;
};

}  // namespace wallaroo::bench
