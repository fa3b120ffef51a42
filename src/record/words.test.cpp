#include <wallaroo/types/words.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo {
namespace {

using Words = std::vector<std::string>;

template <char... Separators>
Words words_between(std::string_view text) {
  Words words;
  for_each_word_between<Separators...>(text,
                                       [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

// Finds the words as the header promises, a byte at a time.
Words plainly(std::string_view text, std::string_view separators) {
  Words words;
  std::string word;
  for (const char c : text) {
    if (separators.find(c) == separators.npos) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) {
    words.push_back(word);
  }
  return words;
}

TEST(Words, AreTheRunsBetweenSeparators) {
  EXPECT_EQ(words_between<' '>(""), Words());
  EXPECT_EQ(words_between<' '>("   "), Words());
  EXPECT_EQ(words_between<' '>("one"), Words{"one"});
  EXPECT_EQ(words_between<' '>(" one  two "), (Words{"one", "two"}));
  EXPECT_EQ((words_between<',', ';'>("a b,,c;d")), (Words{"a b", "c", "d"}));
}

TEST(Words, PointIntoTheText) {
  const std::string text = "one two";
  std::vector<const char*> begins;
  for_each_word(text, [&](std::string_view word) { begins.push_back(word.data()); });
  EXPECT_EQ(begins, (std::vector{text.data(), text.data() + 4}));
}

// Words begin, end and lie across every edge of the blocks of 16 and 64 bytes.
TEST(Words, AreTheSameAsThoseFoundAByteAtATime) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 300, ' ');
    const auto often = 1 + random() % 40;
    for (char& c : text) {
      c = random() % often == 0 ? (random() % 2 == 0 ? ' ' : '\n') : static_cast<char>(random());
    }
    ASSERT_EQ(words_between<' '>(text), plainly(text, " ")) << text;
    ASSERT_EQ((words_between<' ', '\n'>(text)), plainly(text, " \n")) << text;
  }
}

}  // namespace
}  // namespace wallaroo
