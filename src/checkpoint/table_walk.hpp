// For tests of state machines: what every message does in every state, as a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace wallaroo::internal {

/// How to reach a state, what to say of the machine then, and what a message does to it. An empty
/// outcome is not listed.
template <class Reach, class Describe, class Outcome>
struct TableWalk {
  Reach reach;
  Describe describe;
  Outcome outcome;
};
template <class Reach, class Describe, class Outcome>
TableWalk(Reach, Describe, Outcome) -> TableWalk<Reach, Describe, Outcome>;

/// Of each state a line "name: description", and below it the messages with their outcomes, each of
/// a machine of its own. `broken`: the message is a std::logic_error.
template <class State, class Message, class Reach, class Describe, class Outcome>
std::string walk(const std::vector<std::pair<std::string, State>>& states,
                 const std::vector<std::pair<std::string, Message>>& messages,
                 const TableWalk<Reach, Describe, Outcome>& how) {
  std::size_t width = 0;
  for (const auto& [name, message] : messages) {
    width = std::max(width, name.size() + 2);
  }
  std::string walked = "\n";
  for (const auto& [state, way] : states) {
    walked += fmt::format("{}: {}\n", state, how.describe(how.reach(way)));
    for (const auto& [name, message] : messages) {
      auto machine = how.reach(way);
      std::string then = "broken";
      try {
        then = how.outcome(machine, message);
      } catch (const std::logic_error&) {
      }
      if (!then.empty()) {
        walked += fmt::format("  {:{}}{}\n", name, width, then);
      }
    }
  }
  return walked;
}

}  // namespace wallaroo::internal
