#include "checkpoint/store/store_layout.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "io/durable_file.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view manifest_suffix = ".manifest";
constexpr std::string_view temporary_suffix = ".manifest.tmp";
constexpr std::string_view data_suffix = ".data";

std::string name_of(std::uint64_t number, std::string_view suffix) {
  return fmt::format("{:012}{}", number, suffix);
}

std::vector<std::uint64_t> numbers_in(const std::filesystem::path& directory,
                                      std::string_view suffix) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (const auto number = number_in_name(entry->path().filename().string(), suffix)) {
      numbers.push_back(*number);
    }
  }
  if (error) {
    throw IoError(file_error("list the directory", directory, error.value()));
  }
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  return numbers;
}

}  // namespace

StoreLayout::StoreLayout(std::filesystem::path directory)
    : directory_(std::move(directory)),
      manifests_(directory_ / "manifests"),
      data_(directory_ / "data") {}

std::filesystem::path StoreLayout::manifest(std::uint64_t number) const {
  return manifests_ / name_of(number, manifest_suffix);
}

std::filesystem::path StoreLayout::temporary_manifest(std::uint64_t number) const {
  return manifests_ / name_of(number, temporary_suffix);
}

std::filesystem::path StoreLayout::data_file(std::uint64_t number) const {
  return data_ / name_of(number, data_suffix);
}

std::vector<std::uint64_t> StoreLayout::manifest_numbers() const {
  return numbers_in(manifests_, manifest_suffix);
}

std::vector<std::uint64_t> StoreLayout::temporary_manifest_numbers() const {
  return numbers_in(manifests_, temporary_suffix);
}

std::vector<std::uint64_t> StoreLayout::data_numbers() const {
  return numbers_in(data_, data_suffix);
}

std::uint64_t StoreLayout::highest_number() const {
  std::uint64_t highest = 0;
  for (const auto& numbers : {manifest_numbers(), temporary_manifest_numbers(), data_numbers()}) {
    highest = std::max(highest, numbers.empty() ? 0 : numbers.front());
  }
  return highest;
}

std::optional<std::uint64_t> number_in_name(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) {
    return std::nullopt;
  }
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || number == 0 || name_of(number, {}) != name) {
    return std::nullopt;
  }
  return number;
}

}  // namespace wallaroo::internal
