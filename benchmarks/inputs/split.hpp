// Splits a line into words: the user function of the word counts, used by both programs of a pair.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wallaroo::bench {

// Bit i is set when byte i of the 16 at `bytes` is one of `kSeparators`.
template <char... kSeparators>
std::uint64_t spaces_of_16(const char* bytes) {
#ifdef __SSE2__
  const __m128i loaded = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  __m128i found = _mm_setzero_si128();
  ((found = _mm_or_si128(found, _mm_cmpeq_epi8(loaded, _mm_set1_epi8(kSeparators)))), ...);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(found));
#else
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 16; ++i) bits |= std::uint64_t{((bytes[i] == kSeparators) || ...)} << i;
  return bits;
#endif
}

// The same for the `size` <= 64 bytes at `bytes`; the bits after them are set.
template <char kSeparator, char... kSeparators>
std::uint64_t spaces_of(const char* bytes, std::size_t size) {
  std::uint64_t bits = 0;
  std::size_t at = 0;
  for (; at + 16 <= size; at += 16)
    bits |= spaces_of_16<kSeparator, kSeparators...>(bytes + at) << at;
  if (at == 64) return bits;
  std::uint64_t tail = 0xffff;
  if (at < size) {
    char padded[16];
    std::memset(padded, kSeparator, sizeof padded);
    std::memcpy(padded, bytes + at, size - at);
    tail = spaces_of_16<kSeparator, kSeparators...>(padded);
  }
  return bits | (tail << at) | (at < 48 ? ~std::uint64_t{0} << (at + 16) : 0);
}

// Calls `take(word)` for every maximal run of bytes that are not `kSeparators`. Words are found
// from the edges between runs in a bit mask, so that a byte costs no branch.
template <char... kSeparators, class Take>
void for_each_word_between(std::string_view line, Take&& take) {
  const char* const end = line.data() + line.size();
  const char* word = nullptr;         // start of a word that the block before left open
  std::uint64_t before_is_space = 1;  // whether the byte before the block is a space
  for (const char* block = line.data(); block < end; block += 64) {
    const auto left = static_cast<std::size_t>(end - block);
    const std::uint64_t spaces = spaces_of<kSeparators...>(block, left < 64 ? left : 64);
    const std::uint64_t before = (spaces << 1) | before_is_space;
    std::uint64_t starts = ~spaces & before;
    std::uint64_t stops = spaces & ~before;
    before_is_space = spaces >> 63;
    if (word != nullptr && stops != 0) {
      take(
          std::string_view(word, static_cast<std::size_t>(block + std::countr_zero(stops) - word)));
      stops &= stops - 1;
      word = nullptr;
    }
    for (; stops != 0; stops &= stops - 1, starts &= starts - 1) {
      const int start = std::countr_zero(starts);
      take(std::string_view(block + start,
                            static_cast<std::size_t>(std::countr_zero(stops) - start)));
    }
    if (starts != 0) word = block + std::countr_zero(starts);
  }
  if (word != nullptr) take(std::string_view(word, static_cast<std::size_t>(end - word)));
}

template <class Take>
void for_each_word(std::string_view line, Take&& take) {
  for_each_word_between<' '>(line, take);
}

}  // namespace wallaroo::bench
