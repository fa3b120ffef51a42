// English-like text of one fixed vocabulary, the same on every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wallaroo::bench {

inline constexpr std::size_t kLineBytes = 80;
inline constexpr std::size_t kVocabularyWords = 10'000;
inline constexpr std::size_t kTextLines = 65'536;  // 5 MiB

// Distinct lower-case words, commonest first; common words are shorter, as in a language.
std::vector<std::string> make_vocabulary();

// `kTextLines` lines of exactly `kLineBytes` bytes, one after the other without a separator.
// Words follow each other with Zipf frequencies (s = 1) and one space between; a word that no
// longer fits opens the next line, and spaces fill the line it did not fit.
std::string make_text();

// Line `index` of the endless text that repeats `text` from make_text().
inline std::string_view line_at(std::string_view text, std::uint64_t index) {
  return text.substr((index % kTextLines) * kLineBytes, kLineBytes);
}

}  // namespace wallaroo::bench
