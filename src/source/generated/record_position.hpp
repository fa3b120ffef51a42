// Options and positions of sources that make records themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "source/source.hpp"

namespace wallaroo::internal {

struct GeneratorPace {
  double rate_per_second = 0;
  std::uint64_t count = 0;
  int partitions = 1;
};

/// Checks the options; throws ConfigError naming the source.
void check_generator(const std::string& source, const GeneratorPace& pace);
void check_memory_partitions(const std::string& source, int partitions);
[[noreturn]] void refuse_address(const std::string& source, const std::string& kind);

struct MemoryShares {
  std::uint64_t repeat = 1;
  int partitions = 1;
};

/// How far a partition of a generator is.
struct GeneratorPosition {
  std::uint64_t partition = 0;
  std::uint64_t next = 0;        ///< the index of its next record
  std::uint64_t partitions = 0;  ///< in all, when this was saved
  bool ended = false;            ///< the function has said that nothing follows
};

/// How far a share of a memory source is.
struct MemoryPosition {
  std::uint64_t partition = 0;
  std::uint64_t round = 0;       ///< how often the share was read as a whole
  std::uint64_t next = 0;        ///< index of the next record in the share
  std::uint64_t partitions = 0;  ///< in all
  std::uint64_t records = 0;     ///< in all
};

/// Format of both: the partition's number in decimal is its name; the bytes are a version (1), then
/// the other members in their order as integers of 8 bytes, little-endian.
SourcePosition encode(const GeneratorPosition& position);
SourcePosition encode(const MemoryPosition& position);

/// Returns a position for each partition; one that was not saved starts at its beginning. Throws
/// ConfigError that names the source if the options no longer fit the positions, IoError if the
/// positions are damaged.
std::vector<GeneratorPosition> restored_generator(const std::string& source,
                                                  const GeneratorPace& pace,
                                                  const std::vector<SourcePosition>& positions);
/// `start` has the partitions and records that the source has now.
std::vector<MemoryPosition> restored_memory(const std::string& source, const MemoryPosition& start,
                                            const std::vector<SourcePosition>& positions);
/// Returns how many records all executors together were given from the queue of a test.
std::uint64_t restored_queue(const std::vector<SourcePosition>& positions);

}  // namespace wallaroo::internal
