#include "inputs/text.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "inputs/random.hpp"

namespace wallaroo::bench {
namespace {

class ZipfRanks {
 public:
  explicit ZipfRanks(std::size_t count) : cumulative_(count) {
    double sum = 0;
    for (std::size_t rank = 0; rank < count; ++rank) {
      sum += 1.0 / static_cast<double>(rank + 1);
      cumulative_[rank] = sum;
    }
  }

  std::size_t pick(Random& random) const {
    const double at = random.unit() * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
    const auto rank = static_cast<std::size_t>(found - cumulative_.begin());
    return std::min(rank, cumulative_.size() - 1);
  }

 private:
  std::vector<double> cumulative_;
};

std::string make_word(std::size_t rank, Random& random) {
  const auto shortest =
      1 + static_cast<std::size_t>(0.4 * std::log2(static_cast<double>(rank + 1)));
  std::string word(shortest + random.below(4), ' ');
  for (char& letter : word) letter = static_cast<char>('a' + random.below(26));
  return word;
}

}  // namespace

std::vector<std::string> make_vocabulary() {
  Random random(10);
  std::unordered_set<std::string> seen;
  std::vector<std::string> words;
  while (words.size() < kVocabularyWords) {
    std::string word = make_word(words.size(), random);
    if (seen.insert(word).second) words.push_back(std::move(word));
  }
  return words;
}

std::string make_text() {
  const std::vector<std::string> words = make_vocabulary();
  const ZipfRanks ranks(words.size());
  Random random(80);
  std::string text;
  text.reserve(kTextLines * kLineBytes);
  std::string_view word = words[ranks.pick(random)];
  while (text.size() < kTextLines * kLineBytes) {
    const std::size_t line_end = text.size() + kLineBytes;
    text += word;
    word = words[ranks.pick(random)];
    while (text.size() + 1 + word.size() <= line_end) {
      text += ' ';
      text += word;
      word = words[ranks.pick(random)];
    }
    text.resize(line_end, ' ');
  }
  return text;
}

}  // namespace wallaroo::bench
