// The results of a decoder, and the form of records that failed.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace wallaroo {

/// The frame is not a record, and need not be one (a heartbeat, a comment). It is ignored.
struct Skip {};

/// The frame should be a record but is not; handled by the source's `on_error` policy.
struct BadRecord {
  std::string reason;  ///< for the log, the error message or the dead letter
};

/// The result of a decoder that may refuse: a T, `Skip{}` or `BadRecord{"why"}`. A decoder may also
/// return plain T, or `std::optional<T>` (empty is a skip), or throw (a bad record). A generator
/// may return a Decoded, too.
template <class T>
using Decoded = std::variant<T, Skip, BadRecord>;

/// A record on which a stage with the policy `OnError::dead_letter` failed.
struct DeadLetter {
  std::string stage;   ///< name of the stage or source
  std::string error;   ///< text of the exception, or the reason of the BadRecord
  std::string record;  ///< from a source: the frame's bytes, or the index of a generator's record;
                       ///< from other stages: the record as text
  std::string origin;  ///< from a source: peer or file, and the record's number; otherwise empty
};

}  // namespace wallaroo
