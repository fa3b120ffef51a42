#include "state/entry_failure.hpp"

#include <fmt/format.h>

#include <wallaroo/types/stored.hpp>

#include "base/current_error.hpp"
#include "base/stage_failure.hpp"

namespace wallaroo::internal {

void throw_entry_not_saved(const SavePurpose& place, const std::string& key) {
  throw StageFailure(
      fmt::format("stage '{}': its state of key {} cannot be saved in checkpoint {}: {}",
                  place.stage, key, place.checkpoint, current_error()));
}

void throw_entry_not_loaded(const std::string& entry) {
  throw StoredError(fmt::format("{}: {}", entry, current_error()));
}

}  // namespace wallaroo::internal
