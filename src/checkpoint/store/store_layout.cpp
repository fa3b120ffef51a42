#include "checkpoint/store/store_layout.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

constexpr std::string_view manifest_suffix = ".manifest";
constexpr std::string_view leftover_suffix = ".tmp";

/// Removes `prefix` from the text; false if the text begins otherwise.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// Removes the digits at the beginning of the text.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc();
}

bool take_folder(std::string_view& name, const char* folder) {
  return take(name, folder) && take(name, "/");
}

template <class Find>
auto found_in(CheckpointFiles& files, const char* folder, Find find) {
  std::vector<typename std::invoke_result_t<Find, std::string_view>::value_type> all;
  for (const FoundFile& file : files.list(folder)) {
    if (const auto one = find(file.name)) {
      all.push_back(*one);
    }
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  return all;
}

}  // namespace

std::string manifest_name(std::uint64_t number) {
  return fmt::format("{}/{:012}{}", manifest_folder, number, manifest_suffix);
}

std::string data_name(const DataFileId& file) {
  return file.generation == 0 ? fmt::format("{}/{:012}.data", data_folder, file.number)
                              : fmt::format("{}/{:012}-{}-{}.data", data_folder, file.number,
                                            file.generation, file.member);
}

std::optional<std::uint64_t> number_of_manifest(std::string_view name) {
  std::string_view rest = name;
  std::uint64_t number = 0;
  const bool fits = take_folder(rest, manifest_folder) && take_number(rest, number) && number != 0;
  return fits && manifest_name(number) == name ? std::optional(number) : std::nullopt;
}

std::optional<DataFileId> data_file_of(std::string_view name) {
  std::string_view rest = name;
  DataFileId file;
  if (!take_folder(rest, data_folder) || !take_number(rest, file.number) || file.number == 0) {
    return std::nullopt;
  }
  const bool of_a_cluster = take(rest, "-");
  if (of_a_cluster && (!take_number(rest, file.generation) || !take(rest, "-") ||
                       !take_number(rest, file.member))) {
    return std::nullopt;
  }
  return data_name(file) == name ? std::optional(file) : std::nullopt;
}

std::optional<std::uint64_t> number_of_leftover(std::string_view name) {
  const std::size_t end = name.find(manifest_suffix);
  if (end == std::string_view::npos || !name.ends_with(leftover_suffix)) {
    return std::nullopt;
  }
  return number_of_manifest(name.substr(0, end + manifest_suffix.size()));
}

std::vector<std::uint64_t> list_manifests(CheckpointFiles& files) {
  return found_in(files, manifest_folder, number_of_manifest);
}

std::vector<DataFileId> list_data(CheckpointFiles& files) {
  return found_in(files, data_folder, data_file_of);
}

std::vector<Leftover> list_leftovers(CheckpointFiles& files) {
  std::vector<Leftover> all;
  for (const std::string& name : files.leftovers(manifest_folder)) {
    if (const auto number = number_of_leftover(name)) {
      all.push_back({*number, name});
    }
  }
  return all;
}

std::uint64_t highest_number(CheckpointFiles& files) {
  std::uint64_t highest = 0;
  for (const std::uint64_t number : list_manifests(files)) {
    highest = std::max(highest, number);
  }
  for (const DataFileId& file : list_data(files)) {
    highest = std::max(highest, file.number);
  }
  for (const Leftover& leftover : list_leftovers(files)) {
    highest = std::max(highest, leftover.number);
  }
  return highest;
}

}  // namespace wallaroo::internal
