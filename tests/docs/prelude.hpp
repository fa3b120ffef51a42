// Declarations that the fragments in the documentation may use.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <wallaroo/wallaroo.hpp>

struct WordTotal {
  std::uint64_t count = 0;
};
struct WordCount {
  std::string word;
  std::uint64_t count;
};
std::vector<std::string> split(const std::string& line);
WordCount count_word(const std::string& word, WordTotal& total);
std::string encode(const WordCount& counted);

// The stream that a fragment beginning with a dot continues.
inline auto counted(wallaroo::Application& app) {
  return app.source("lines", wallaroo::tcp_source({.listen = "127.0.0.1:0"}, wallaroo::text))
      .to("split", split)
      .key_by("word", std::identity{})
      .to("count", count_word);
}
