#include "source/record_source.hpp"

#include <fmt/format.h>

#include <wallaroo/error.hpp>

namespace wallaroo::internal {

void check_generator(const std::string& source, const GeneratorPace& pace) {
  if (!(pace.rate_per_second >= 0)) {
    throw ConfigError(fmt::format("source '{}': a generator's rate must not be negative", source));
  }
  if (pace.partitions < 1) {
    throw ConfigError(fmt::format("source '{}': a generator needs at least one partition", source));
  }
}

void check_memory_partitions(const std::string& source, int partitions) {
  if (partitions < 1) {
    throw ConfigError(
        fmt::format("source '{}': a memory source needs at least one partition", source));
  }
}

void refuse_address(const std::string& source, const std::string& kind) {
  throw ConfigError(
      fmt::format("source '{}' is a {} and has no address to override", source, kind));
}

}  // namespace wallaroo::internal
