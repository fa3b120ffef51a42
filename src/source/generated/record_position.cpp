#include "source/generated/record_position.hpp"

#include <charconv>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>
#include <wallaroo/types/error.hpp>

#include "base/option_check.hpp"

namespace wallaroo::internal {

void check_generator(const std::string& source, const GeneratorPace& pace) {
  // At a greater rate the number of due records overflows 64 bits within a century; at a lesser
  // rate the time of the next record does.
  constexpr double least_rate = 1e-6;
  constexpr double most_rate = 1e9;
  const OptionCheck check(fmt::format("source '{}'", source));
  if (const double rate = pace.rate_per_second;
      rate != 0 && !(rate >= least_rate && rate <= most_rate)) {
    check.refuse(fmt::format(
        "rate_per_second is {}; it must be from {} to {}, or 0 for as many as the pipeline takes",
        rate, least_rate, most_rate));
  }
  check.range("partitions", pace.partitions, 1, most_partitions);
}

void check_memory_partitions(const std::string& source, int partitions) {
  OptionCheck(fmt::format("source '{}'", source))
      .range("partitions", partitions, 1, most_partitions);
}

void refuse_address(const std::string& source, const std::string& kind) {
  throw ConfigError(
      fmt::format("source '{}' is a {} and has no address to override", source, kind));
}

namespace {

constexpr std::uint8_t version = 1;

SourcePosition encoded(std::uint64_t partition, std::initializer_list<std::uint64_t> numbers) {
  SourcePosition saved{std::to_string(partition), {}};
  ByteWriter out(saved.bytes);
  out.little_endian(version);
  for (const std::uint64_t number : numbers) {
    out.little_endian(number);
  }
  return saved;
}

struct Numbers {
  std::uint64_t partition = 0;
  std::vector<std::uint64_t> values;
};

std::optional<Numbers> decoded(const SourcePosition& saved, std::size_t count) {
  Numbers numbers;
  const char* const end = saved.partition.data() + saved.partition.size();
  const auto name = std::from_chars(saved.partition.data(), end, numbers.partition);
  ByteReader in(saved.bytes);
  const bool known = in.little_endian<std::uint8_t>() == version;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.values.push_back(in.little_endian<std::uint64_t>());
  }
  const bool good =
      known && in.ok() && in.remaining() == 0 && name.ec == std::errc() && name.ptr == end;
  return good ? std::optional(numbers) : std::nullopt;
}

Numbers numbers_of(const std::string& source, const SourcePosition& saved, std::size_t count) {
  const auto numbers = decoded(saved, count);
  if (!numbers) {
    throw IoError(fmt::format(
        "source '{}': its position in the checkpoint cannot be read; it was written by another "
        "kind of source or a newer version; restore another checkpoint",
        source));
  }
  return *numbers;
}

[[noreturn]] void refuse_options(const std::string& source, const std::string& what) {
  throw ConfigError(
      fmt::format("source '{}': {}; give the options as they were, or start anew with another "
                  "directory for checkpoints",
                  source, what));
}

void check_partition(const std::string& source, const Numbers& saved, std::uint64_t then,
                     std::uint64_t now) {
  if (then != now || saved.partition >= now) {
    refuse_options(source,
                   fmt::format("it had {} partitions in the checkpoint and has {} now", then, now));
  }
}

}  // namespace

SourcePosition encode(const GeneratorPosition& position) {
  return encoded(position.partition,
                 {position.next, position.partitions, position.ended ? 1U : 0U});
}

SourcePosition encode(const MemoryPosition& position) {
  return encoded(position.partition,
                 {position.round, position.next, position.partitions, position.records});
}

std::vector<GeneratorPosition> restored_generator(const std::string& source,
                                                  const GeneratorPace& pace,
                                                  const std::vector<SourcePosition>& positions) {
  const auto partitions = static_cast<std::uint64_t>(pace.partitions);
  std::vector<GeneratorPosition> restored;
  for (std::uint64_t i = 0; i < partitions; ++i) {
    restored.push_back({i, i, partitions, false});
  }
  for (const SourcePosition& each : positions) {
    const Numbers saved = numbers_of(source, each, 3);
    const std::uint64_t next = saved.values[0];
    check_partition(source, saved, saved.values[1], partitions);
    if (pace.count != 0 && next >= partitions && next - partitions >= pace.count) {
      refuse_options(source, fmt::format("its count is {}, and it has already made record {}",
                                         pace.count, next - partitions));
    }
    restored[saved.partition] = {saved.partition, next, partitions, saved.values[2] != 0};
  }
  return restored;
}

std::vector<MemoryPosition> restored_memory(const std::string& source, const MemoryPosition& start,
                                            const std::vector<SourcePosition>& positions) {
  std::vector<MemoryPosition> restored(start.partitions, start);
  for (const SourcePosition& each : positions) {
    const Numbers saved = numbers_of(source, each, 4);
    check_partition(source, saved, saved.values[2], start.partitions);
    if (saved.values[3] != start.records) {
      refuse_options(source, fmt::format("it had {} records in the checkpoint and has {} now",
                                         saved.values[3], start.records));
    }
    restored[saved.partition] = {saved.partition, saved.values[0], saved.values[1],
                                 start.partitions, start.records};
  }
  return restored;
}

std::uint64_t restored_queue(const std::vector<SourcePosition>& positions) {
  std::uint64_t records = 0;
  for (const SourcePosition& each : positions) {
    records += numbers_of("input", each, 3).values[0];
  }
  return records;
}

}  // namespace wallaroo::internal
