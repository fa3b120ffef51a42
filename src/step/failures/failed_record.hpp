// Records on which a stage failed, as the failure policies see them.
#pragma once

#include <any>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <wallaroo/types/decoded.hpp>
#include <wallaroo/types/stored.hpp>

#include "base/current_error.hpp"
#include "record/payload.hpp"
#include "step/describe.hpp"

namespace wallaroo::internal {

/// The record on which a stage failed.
struct FailedRecord {
  std::string record;       ///< as text, or for a decoder the frame's bytes
  bool raw = false;         ///< true for a frame's bytes, which messages must escape
  std::string origin = {};  ///< peer or file and the record's number, where known
  std::any object = {};     ///< the record itself, see failed_record
};

/// A dead letter on its way to the pipeline that takes it, with what only records of other
/// languages have.
struct CarriedLetter {
  DeadLetter letter;
  bool raw;                  ///< true when `letter.record` is the bytes of a frame
  std::any object;           ///< of the FailedRecord
  std::exception_ptr error;  ///< what the function threw; null when nothing was thrown
};

inline std::size_t payload_bytes_of(const CarriedLetter& carried) {
  return payload_bytes(carried.letter);
}

/// Describes a record that failed. A type whose records can be kept has a function
/// `std::any dead_letter_object(const R&)` in its namespace; another one for two pointers makes the
/// object of a pair.
template <class R>
FailedRecord failed_record(const R& record) {
  FailedRecord failed{describe(record)};
  if constexpr (requires { dead_letter_object(record); }) {
    failed.object = dead_letter_object(record);
  }
  return failed;
}

/// Describes a pair that failed in a join, either side of which may be missing.
template <class L, class R>
FailedRecord failed_pair(const L* left, const R* right) {
  FailedRecord failed{left == nullptr ? "nothing" : describe(*left)};
  failed.record += " with ";
  failed.record += right == nullptr ? "nothing" : describe(*right);
  if constexpr (requires { dead_letter_object(left, right); }) {
    failed.object = dead_letter_object(left, right);
  }
  return failed;
}

}  // namespace wallaroo::internal

/// How a dead letter is sent to another process: without the object, and the exception as its
/// message.
template <>
struct wallaroo::Stored<wallaroo::internal::CarriedLetter> {
  struct Type {
    DeadLetter letter;
    bool raw = false;
    std::optional<std::string> error;
  };
  static Type save(const internal::CarriedLetter& carried) {
    Type saved{carried.letter, carried.raw, std::nullopt};
    if (carried.error != nullptr) {
      saved.error = internal::message_of(carried.error);
    }
    return saved;
  }
  static internal::CarriedLetter load(Type saved) {
    internal::CarriedLetter carried{std::move(saved.letter), saved.raw, {}, nullptr};
    if (saved.error) {
      carried.error = std::make_exception_ptr(std::runtime_error(std::move(*saved.error)));
    }
    return carried;
  }
};
