// Shared by the tests of the simulators: which seeds they try.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

namespace wallaroo::internal::sim {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
};

/// Returns the number in an environment variable, if it is set.
inline std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : std::optional<std::uint64_t>(std::stoull(text));
}

/// Returns `usual` seeds, or those that the environment asks for: PREFIX_SEEDS says how many, and
/// PREFIX_SEED replays one. Sanitizers make a simulation ten times as slow and look for mistakes
/// that few seeds show, so a build with them usually tries a twentieth.
inline Seeds seeds_to_try(const std::string& prefix, std::uint64_t usual) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  usual /= 20;
#endif
  const auto one = number_from((prefix + "_SEED").c_str());
  const auto count = number_from((prefix + "_SEEDS").c_str());
  return {one.value_or(1), count.value_or(one ? 1 : usual)};
}

}  // namespace wallaroo::internal::sim
