#include "record/stored/stored_plan.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string in_words(const PartPath& path) {
  if (path.empty()) {
    return "it";
  }
  std::string words = path.back();
  for (std::size_t i = path.size() - 1; i > 0; --i) {
    words += " of " + path[i - 1];
  }
  return words;
}

}  // namespace

void throw_misfit(const PartPath& path, const Schema& stored, const Schema& now,
                  const std::string& what) {
  throw StoredError(fmt::format(
      "the stored type does not fit that of this program: {} was stored as {}, and now is {}{}{}. "
      "Fields may only be appended at the end of a struct, with defaults; for any other change "
      "write a wallaroo::Migration (see docs/guide/state.md)",
      in_words(path), stored.text(), now.text(), what.empty() ? "" : ": ", what));
}

}  // namespace wallaroo::internal
