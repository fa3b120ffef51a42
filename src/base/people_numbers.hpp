// Numbers as people write them.
#pragma once

#include <cstdint>
#include <string>

namespace wallaroo::internal {

/// A number with three digits and a unit: "950", "1.3 k", "12.4 M", "7 G".
std::string people_count(double count);
/// A number of bytes, by powers of 1000: "950 B", "1.3 kB", "12.4 MB".
std::string people_bytes(double bytes);
/// A number of records: "7 records", "1 record", "12.4 M records".
std::string people_records(std::uint64_t records);

}  // namespace wallaroo::internal
