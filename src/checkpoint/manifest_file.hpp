// The bytes of a manifest's file: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wallaroo/error.hpp>

#include "checkpoint/manifest.hpp"

namespace wallaroo::internal {

/// What was written once is not what is there now, or is not there any more.
class DamagedError : public IoError {
 public:
  using IoError::IoError;
};

/// Whole, but written by a newer version of wallaroo.
class NewerFormatError : public IoError {
 public:
  using IoError::IoError;
};

inline constexpr std::uint32_t checkpoint_format = 1;

/// Another format than that of today only changes the number: for tests.
std::string encode_manifest(const Manifest& manifest, std::uint32_t format = checkpoint_format);

/// Whatever the bytes are, the result is what was encoded, or this throws DamagedError or
/// NewerFormatError. `name` begins their messages. Fields that newer versions have appended are
/// left out, and those that older ones did not have are as in an empty Manifest.
Manifest decode_manifest(std::string_view bytes, std::string_view name);

/// Throws NewerFormatError if `bytes` are whole and of a newer format.
void refuse_newer_format(std::string_view bytes, std::string_view name);

/// What makes the manifest contradict itself (indexes and ranges that do not exist); empty:
/// nothing.
std::string contradiction_in(const Manifest& manifest);

}  // namespace wallaroo::internal
