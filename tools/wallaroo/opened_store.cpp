#include "wallaroo/opened_store.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::tool {

namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

internal::CheckpointStore open_store(const std::string& directory,
                                     internal::CheckpointStore::Access access) {
  const auto print = [](LogLevel, std::string_view line) {
    fmt::print(stderr, "wallaroo: {}\n", line);
  };
  return {directory, access, internal::Log(LogLevel::warning, print)};
}

void require_checkpoint_id(std::string_view id) {
  if (id != "latest" && !number_of(id)) {
    throw ConfigError(fmt::format("'{}' is no checkpoint: give its number, or 'latest'", id));
  }
}

internal::Manifest load_checkpoint(const internal::CheckpointStore& store, const std::string& id) {
  require_checkpoint_id(id);
  if (const auto number = number_of(id)) {
    return store.load(*number);
  }
  auto latest = store.latest();
  if (!latest) {
    throw IoError(
        fmt::format("there is no checkpoint in '{}' yet", store.layout().directory().string()));
  }
  return std::move(*latest);
}

}  // namespace wallaroo::tool
