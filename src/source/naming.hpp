// Puts the name of a source into its errors.
#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

/// Returns what `call` returns. Throws the errors of `call` with the source's name in front.
template <class Call>
auto naming_source(const std::string& source, Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("source '{}': {}", source, error.what()));
  } catch (const IoError& error) {
    throw IoError(fmt::format("source '{}': {}", source, error.what()));
  }
}

}  // namespace wallaroo::internal
