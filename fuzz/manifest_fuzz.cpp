// Any bytes are either reported as a damaged manifest, or are a manifest that is written as it was
// read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

#include "base/short_bytes.hpp"
#include "checkpoint/store/manifest_file.hpp"
#include "record/stored/stored_schema.hpp"

namespace {

using namespace wallaroo;
using namespace wallaroo::internal;

constexpr std::size_t envelope_bytes = 32;
constexpr std::size_t checksummed_from = 16;

/// Adds the magic, length and checksum, which no fuzzer guesses.
std::string with_envelope(std::string_view body) {
  std::string bytes = encode_manifest(Manifest{}).substr(0, envelope_bytes);
  const std::uint64_t size = body.size();
  std::memcpy(bytes.data() + 24, &size, sizeof(size));
  bytes += body;
  const std::uint64_t checksum = hash_long(std::string_view(bytes).substr(checksummed_from));
  std::memcpy(bytes.data() + 8, &checksum, sizeof(checksum));
  return bytes;
}

std::string with_schema(std::string_view value) {
  const std::string schema = schema_of<Manifest>().text();
  const auto size = static_cast<std::uint32_t>(schema.size());
  std::string body(sizeof(size), '\0');
  std::memcpy(body.data(), &size, sizeof(size));
  return body.append(schema).append(value);
}

void expect(bool holds, const char* what) {
  if (!holds) {
    std::cerr << what << '\n';
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 3 == 0   ? std::string(input)
                            : data[0] % 3 == 1 ? with_envelope(input)
                                               : with_envelope(with_schema(input));
  try {
    const Manifest manifest = decode_manifest(bytes, "it");
    expect(contradiction_in(manifest).empty(), "a contradiction was accepted");
    expect(decode_manifest(encode_manifest(manifest), "it") == manifest, "not read as written");
  } catch (const DamagedError&) {
  } catch (const NewerFormatError&) {
  }
  return 0;
}
