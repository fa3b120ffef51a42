#include "state/loading.hpp"

#include <fmt/format.h>

#include "route/key_group.hpp"

namespace wallaroo::internal {

void check_keys_unchanged(std::string_view stored, std::string_view now) {
  if (stored != now) {
    throw StoredError(
        fmt::format("the type of its keys was {} and is {} now; the type of keys must not change",
                    stored, now));
  }
}

void check_group(std::size_t group, std::size_t groups, std::uint64_t hash) {
  if ((key_group(hash) & (groups - 1)) != group) {
    throw StoredError(
        "a key belongs to another key group than when it was stored: std::hash of its type is not "
        "the same in this build; use keys that are numbers, enums, strings or structs of them");
  }
}

void check_at_end(const StoredReader& in) {
  if (!in.empty()) {
    throw StoredError(fmt::format("{} bytes are left after the last entry", in.left()));
  }
}

}  // namespace wallaroo::internal
