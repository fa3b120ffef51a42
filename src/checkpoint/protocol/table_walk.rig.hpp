// For tests of state machines: lists as text what every message does in every state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace wallaroo::internal {

/// `reach` makes a machine that is in a state, `describe` says what it looks like, and `outcome`
/// says what a message does to it. An empty outcome is not listed.
template <class Reach, class Describe, class Outcome>
struct TableWalk {
  Reach reach;
  Describe describe;
  Outcome outcome;
};
template <class Reach, class Describe, class Outcome>
TableWalk(Reach, Describe, Outcome) -> TableWalk<Reach, Describe, Outcome>;

/// Lists each state as a line "name: description", and below it the messages with their outcomes.
/// Each message goes to a new machine. `broken`: the message throws std::logic_error.
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
