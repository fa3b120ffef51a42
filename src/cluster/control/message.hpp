// The messages of the control connection between a member and the leader, of which
// docs/formats/control.md has the bytes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/manifest_totals.hpp"
#include "cluster/assignment.hpp"
#include "cluster/view.hpp"

/// A connection belongs to one generation and one term, which its handshake names; so messages name
/// neither. `n` is the number of a checkpoint.
namespace wallaroo::internal::cluster::control {

/// Thrown for bytes that are no message of this version. The connection must be closed.
class ControlError : public Error {
 public:
  using Error::Error;
};

/// A member, and where it takes links.
struct Peer {
  MemberId id;
  std::uint32_t executors = 0;
  std::string address;
  bool operator==(const Peer&) const = default;
};

// From the leader.

/// Make a run of the checkpoint (answer: Restored, or Failed; Progress on the way).
struct Restore {
  std::uint64_t restored = 0;      ///< the checkpoint; 0: none, the job begins
  std::uint64_t first_number = 0;  ///< of the generation's checkpoints
  std::vector<Peer> members;
  Assignment assignment;
  bool operator==(const Restore&) const = default;
};
/// All members have restored: read the sources. No answer.
struct Start {
  bool operator==(const Start&) const = default;
};
/// Take checkpoint n (answer: Saved, or SaveFailed).
struct Begin {
  std::uint64_t n = 0;
  bool last = false;               ///< behind its barrier nothing is processed
  std::vector<PartGroup> rewrite;  ///< saved although they have not changed
  bool operator==(const Begin&) const = default;
};
/// All members have saved: make the output before the barrier durable (answer: Prepared of each
/// sink whose writer is here).
struct Prepare {
  std::uint64_t n = 0;
  bool operator==(const Prepare&) const = default;
};
/// Checkpoint n is published: commit the output (answer: Committed of each sink).
struct Commit {
  std::uint64_t n = 0;
  bool operator==(const Commit&) const = default;
};
/// All sinks have committed: sources may acknowledge. No answer.
struct Complete {
  std::uint64_t n = 0;
  bool operator==(const Complete&) const = default;
};
/// Checkpoint n is given up; the run goes on. No answer.
struct Abandon {
  std::uint64_t n = 0;
  std::string reason;
  bool operator==(const Abandon&) const = default;
};
/// The job is to stop: stop the sources, and wait for the last checkpoint. No answer.
struct Stop {
  bool operator==(const Stop&) const = default;
};

// From a member.

struct Restored {
  bool operator==(const Restored&) const = default;
};
/// The member is still restoring.
struct Progress {
  bool operator==(const Progress&) const = default;
};
/// Everything that this member saves for n is durable.
struct Saved {
  std::uint64_t n = 0;
  std::string part;  ///< of the manifest, as the checkpoint layer writes and reads it
  bool operator==(const Saved&) const = default;
};
struct SaveFailed {
  std::uint64_t n = 0;
  std::string reason;
  bool operator==(const SaveFailed&) const = default;
};
struct Prepared {
  std::uint64_t n = 0;
  std::uint32_t sink = 0;
  std::string vote;
  bool operator==(const Prepared&) const = default;
};
struct Committed {
  std::uint64_t n = 0;
  std::uint32_t sink = 0;
  bool operator==(const Committed&) const = default;
};
/// A sink has lost records that it was given: the generation goes back to its last checkpoint.
struct RollBack {
  std::string reason;
  bool operator==(const RollBack&) const = default;
};
/// All tasks of this member have ended, or it has nothing left to do.
struct Quiet {
  bool operator==(const Quiet&) const = default;
};
/// This member was told to stop the job.
struct WantsStop {
  bool operator==(const WantsStop&) const = default;
};
/// A link to another member was lost. `refused`: nobody listens at its address any more.
struct Lost {
  MemberId member;
  bool refused = false;
  std::string reason;
  bool operator==(const Lost&) const = default;
};
/// The run has failed here, in a way that the next generation may not meet.
struct Failed {
  std::string reason;
  bool operator==(const Failed&) const = default;
};
/// The run has failed here, and would in every generation, as when a user's function throws.
struct JobFailed {
  std::string error;
  bool operator==(const JobFailed&) const = default;
};

// From both.

/// Are you there? (answer: Pong)
struct Ping {
  std::int64_t sent_ns = 0;  ///< by the sender's wall clock
  bool operator==(const Ping&) const = default;
};
struct Pong {
  std::int64_t sent_ns = 0;  ///< that of the Ping
  std::int64_t now_ns = 0;   ///< by the wall clock of who answers
  bool operator==(const Pong&) const = default;
};

using Message = std::variant<Restore, Start, Begin, Prepare, Commit, Complete, Abandon, Stop,
                             Restored, Progress, Saved, SaveFailed, Prepared, Committed, RollBack,
                             Quiet, WantsStop, Lost, Failed, JobFailed, Ping, Pong>;

/// The bytes of one message, as a part of Saved can be long; more close the connection.
inline constexpr std::size_t most_message_bytes = 64u << 20;

/// Throws ControlError for a message of more than `most_message_bytes`.
std::string encode(const Message& message);
/// Takes the bytes behind the length. Throws ControlError.
Message decode(std::string_view bytes);

/// Cuts messages from the bytes of a connection.
class MessageReader {
 public:
  void append(std::string_view bytes) { bytes_.append(bytes); }
  /// Takes the next message; nothing when it has not arrived as a whole. Throws ControlError.
  std::optional<Message> next();

 private:
  std::string bytes_;
  std::size_t taken_ = 0;  ///< of these
};

/// "Prepared"; for logs.
std::string_view name_of(const Message& message);

}  // namespace wallaroo::internal::cluster::control
