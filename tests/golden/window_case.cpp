#include "window_case.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace golden {

namespace {

const std::string result_mark = "=> ";

std::string without_comment(const std::string& line) {
  if (line.starts_with('#')) {
    return {};
  }
  const std::string code = line.substr(0, line.find("  #"));
  return code.substr(0, code.find_last_not_of(' ') + 1);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

/// Adds one line to the case; returns false when the line makes no sense there.
bool take(WindowCase& into, const std::string& line, int number) {
  if (line.starts_with(result_mark)) {
    if (into.events.empty()) {
      return false;
    }
    into.events.back().expected.push_back(line.substr(result_mark.size()));
    return true;
  }
  std::vector<std::string> words = words_of(line);
  static const std::vector<std::string> names = {"windows:", "times:", "inputs:", "keys:", "show:"};
  if (std::find(names.begin(), names.end(), words.front()) == names.end()) {
    into.events.push_back({line, number, std::move(words), {}});
    return true;
  }
  const std::string name = words.front().substr(0, words.front().size() - 1);
  words.erase(words.begin());
  return into.events.empty() && into.settings.emplace(name, std::move(words)).second;
}

}  // namespace

WindowCase read_case(const std::filesystem::path& path) {
  std::ifstream file(path);
  WindowCase result{path, {}, {}};
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = without_comment(line);
    if (!line.empty() && !take(result, line, number)) {
      throw std::runtime_error(
          fmt::format("{}:{}: '{}' is out of place", path.string(), number, line));
    }
  }
  if (!result.settings.contains("windows") || result.events.empty()) {
    throw std::runtime_error(path.string() + ": a case has windows and something that happens");
  }
  return result;
}

std::int64_t seconds_of(const std::string& text) {
  std::size_t used = 0;
  const double seconds = std::stod(text, &used);
  if (used != text.size()) {
    throw std::runtime_error(fmt::format("'{}' is not a number of seconds", text));
  }
  return std::llround(seconds * 1e9);
}

std::chrono::nanoseconds duration_of(const std::string& text) {
  static const std::map<char, std::int64_t> units = {{'s', 1}, {'m', 60}, {'h', 3600}};
  const auto unit = text.empty() ? units.end() : units.find(text.back());
  if (unit == units.end()) {
    throw std::runtime_error(fmt::format("'{}' is not a duration such as 2.5s, 1m, 1h", text));
  }
  return std::chrono::nanoseconds(seconds_of(text.substr(0, text.size() - 1)) * unit->second);
}

std::string difference(const WindowCase& wanted,
                       const std::vector<std::vector<std::string>>& seen) {
  std::string text;
  bool same = true;
  for (std::size_t i = 0; i < wanted.events.size(); ++i) {
    const auto& event = wanted.events[i];
    text += fmt::format("{:4}   {}\n", event.number, event.line);
    const auto show = [&](char mark, const std::string& result) {
      same = same && mark == ' ';
      text += fmt::format("     {} {}{}\n", mark, result_mark, result);
    };
    const auto& expected = event.expected;
    const auto& results = seen.at(i);
    const std::size_t common = static_cast<std::size_t>(
        std::mismatch(expected.begin(), expected.end(), results.begin(), results.end()).first -
        expected.begin());
    for (std::size_t at = 0; at < common; ++at) {
      show(' ', expected[at]);
    }
    for (std::size_t at = common; at < expected.size(); ++at) {
      show('-', expected[at]);
    }
    for (std::size_t at = common; at < results.size(); ++at) {
      show('+', results[at]);
    }
  }
  return same ? std::string()
              : fmt::format("{}: the lines with - were expected, those with + came\n{}",
                            wanted.path.string(), text);
}

}  // namespace golden
