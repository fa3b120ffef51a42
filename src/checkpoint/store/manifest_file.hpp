// The bytes of a manifest's file: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/manifest.hpp"

namespace wallaroo::internal {

/// A file is missing, or does not hold what was written to it.
class DamagedError : public IoError {
 public:
  using IoError::IoError;
};

/// A manifest is whole, but was written by a newer version of wallaroo.
class NewerFormatError : public IoError {
 public:
  using IoError::IoError;
};

/// There is no checkpoint, because its number was made void.
class VoidError : public IoError {
 public:
  VoidError(const std::string& message, std::string why)
      : IoError(message), reason(std::move(why)) {}
  std::string reason;
};

inline constexpr std::uint32_t checkpoint_format = 2;

/// `format` only changes the number in the file; tests pass others than today's.
std::string encode_manifest(const Manifest& manifest, std::uint32_t format = checkpoint_format);

/// Returns exactly what was encoded, or throws DamagedError or NewerFormatError, whatever the bytes
/// are. Their messages begin with `name`. Fields that newer versions have appended are left out,
/// and fields that older versions did not have are as in an empty Manifest. A manifest of format 1
/// becomes one of today's.
Manifest decode_manifest(std::string_view bytes, std::string_view name);

/// Throws NewerFormatError if `bytes` are whole and of a newer format.
void refuse_newer_format(std::string_view bytes, std::string_view name);

/// Describes how the manifest contradicts itself (indexes and ranges that do not exist); empty if
/// it does not.
std::string contradiction_in(const Manifest& manifest);

}  // namespace wallaroo::internal
