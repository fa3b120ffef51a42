// Running totals by word: one look-up per word, and an allocation only for a word's first
// occurrence.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "support/hash.hpp"

namespace wallaroo::bench {

// A word whose hash is known already.
struct HashedWord {
  std::uint64_t hash;
  const char* data;
  std::size_t size;
};

// Equality of two byte strings of one size; words are short, and up to 16 bytes two overlapping
// loads from each decide, without a call.
inline bool equal_bytes(const char* a, const char* b, std::size_t size) {
  const auto load8 = [](const char* from) {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  const auto load4 = [](const char* from) {
    std::uint32_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) {
    return ((load8(a) ^ load8(b)) | (load8(a + size - 8) ^ load8(b + size - 8))) == 0;
  }
  if (size >= 4) {
    return ((load4(a) ^ load4(b)) | (load4(a + size - 4) ^ load4(b + size - 4))) == 0;
  }
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

class WordTable {
 public:
  // The total of the word with `more` occurrences.
  std::uint64_t add(const HashedWord& word, std::uint64_t more = 1) {
    const auto found = totals_.find(word);
    if (found != totals_.end()) [[likely]]
      return found->second += more;
    totals_.emplace(std::string(word.data, word.size), more);
    return more;
  }

  template <class Take>
  void for_each(Take&& take) const {
    for (const auto& [word, total] : totals_) take(std::string_view(word), total);
  }

 private:
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const HashedWord& word) const { return word.hash; }
    std::size_t operator()(const std::string& word) const { return hash_text(word); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const std::string& a, const std::string& b) const { return a == b; }
    bool operator()(const HashedWord& a, const std::string& b) const {
      return a.size == b.size() && equal_bytes(a.data, b.data(), a.size);
    }
    bool operator()(const std::string& a, const HashedWord& b) const { return (*this)(b, a); }
  };

  boost::unordered_flat_map<std::string, std::uint64_t, Hash, Equal> totals_;
};

}  // namespace wallaroo::bench
