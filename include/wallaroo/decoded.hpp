// What a decoder can say of a frame, and what becomes of records that failed.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace wallaroo {

/// The frame is not a record and that is fine (a heartbeat, a comment).
struct Skip {};

/// The frame should be a record but is not; handled by the source's `on_error` policy.
struct BadRecord {
  std::string reason;
};

/// The result of a decoder that may refuse: a T, `Skip{}` or `BadRecord{"why"}`. A decoder may also
/// return plain T, or `std::optional<T>` (empty is a skip), or throw (a bad record). A generator
/// may return it too.
template <class T>
using Decoded = std::variant<T, Skip, BadRecord>;

/// A record on which a stage with the policy `OnError::dead_letter` failed.
struct DeadLetter {
  std::string stage;   ///< name of the stage or source
  std::string error;   ///< what its function threw or said
  std::string record;  ///< of a source: the frame's bytes, or the index of a generator's record; of
                       ///< other stages: the record as text
  std::string origin;  ///< of a source: peer or file, and the record's number; else empty
};

}  // namespace wallaroo
