// One sink's conversation with its external receiver: the connection's opening and the two phases
// of each transaction. Pure: events in, actions out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/connector_protocol.hpp"

namespace wallaroo::internal {

/// The connection:
///
///     away --connected--> greeting --OK--> notifying --NOTIFY_ACK--> listing
///                                              --REPLY_UNCOMMITTED--> ready
///
/// `connected` sends the three frames that these answer, all at once. An ACK is ignored in every
/// state. A frame that is neither the one the state waits for nor a REPLY in `ready` is answered
/// with ERROR. After that, and after a received ERROR, RESTART or refusal, the connection is closed
/// (state `away`) and another one is made.
///
/// The transaction, where checkpoints are taken (otherwise it is always `open`):
///
///     state       event                next        what is done
///     open        barrier              held        later data waits
///     held        abandon              open        waiting data is released
///     held        prepare              preparing   data before the barrier is sent
///     preparing   abandon              open
///     preparing   drained and ready    voting      PHASE_1
///     voting      REPLY commit         voted       prepared
///     voting      REPLY abort          rolled_back roll_back
///     voted       commit               committing  PHASE_2 commit (once ready)
///     committing  control_sent         open        committed; waiting data is released
///     open, held, preparing, voting:
///                 connection lost      rolled_back if something uncommitted was sent over it:
///                                                  a receiver goes back to its last commit
///                                      the same    otherwise
///     voted, committing:
///                 connection lost      the same    the receiver's promise holds
///     rolled_back anything             rolled_back nothing
///
/// Transactions that a receiver lists as uncommitted on a new connection are settled before
/// anything else is sent. Those of this stream up to the last commit are committed (again). Later
/// ones are aborted, the newest first, as `end_of_transaction` requires. A voted transaction waits
/// for `commit`, and a committing one gets its PHASE_2. If the voted one is not listed, the
/// receiver has broken its promise: roll_back. If the committing one is not listed, its PHASE_2 had
/// arrived.
///
/// The offset in the receiver's NOTIFY_ACK is compared with what was committed. If nothing in doubt
/// explains a difference, the session warns: the receiver is ahead, or has lost something. Nothing
/// else depends on that offset, because some receivers echo ours or always send the same one.
class ConnectorSession {
 public:
  struct Settings {
    std::string sink;      ///< how messages name it: "sink 'totals'"
    std::string receiver;  ///< likewise: "127.0.0.1:7200"
    std::string cookie;
    std::string application;
    std::string worker;             ///< the instance in the HELLO
    std::string voted_worker = {};  ///< the same, if it is not in the stream's name
    std::string stream;
    bool transactional = false;    ///< checkpoints are taken
    std::uint64_t checkpoint = 0;  ///< the last complete one; 0: there is none
    std::uint64_t offset = 0;      ///< the end of the output in that checkpoint
  };

  // The actions. The caller performs them in the order in which they are returned.
  /// Hand these frames over before any further data.
  struct Send {
    std::string bytes;
  };
  /// Close the connection, after an attempt to send the frames of a `Send` just before.
  struct Disconnect {
    std::string reason;
  };
  struct Prepared {
    std::uint64_t checkpoint = 0;
    std::string vote;
  };
  struct Committed {
    std::uint64_t checkpoint = 0;
  };
  struct RollBack {
    std::string reason;
  };
  struct Warn {
    std::string text;
  };
  using Action = std::variant<Send, Disconnect, Prepared, Committed, RollBack, Warn>;
  using Actions = std::vector<Action>;

  explicit ConnectorSession(Settings settings);

  // The connection.
  /// `offset`: of the first byte of output that was not handed over on an earlier connection.
  [[nodiscard]] Actions connected(std::uint64_t offset);
  [[nodiscard]] Actions received(const connector_protocol::Frame& frame);
  /// The bytes that arrived are not a frame.
  [[nodiscard]] Actions malformed(std::string_view reason);
  /// The connection is gone, or will be at once. `reason` completes "the connection was lost: ".
  [[nodiscard]] Actions closed(std::string_view reason);
  /// All bytes of every `Send` were handed to the operating system.
  [[nodiscard]] Actions control_sent();
  /// Some data was handed over.
  void data_sent() { uncommitted_ = uncommitted_ || settings_.transactional; }
  /// All data that may be sent was handed over. Matters while `preparing()`.
  [[nodiscard]] Actions drained();

  // Checkpoints, as in SinkWriter.
  /// `offset`: the end of the output before the barrier.
  void barrier(std::uint64_t checkpoint, std::uint64_t offset);
  void abandon(std::uint64_t checkpoint);
  void prepare(std::uint64_t checkpoint);
  [[nodiscard]] Actions commit(std::uint64_t checkpoint);
  /// The receiver is given up: output that is not committed will not be.
  [[nodiscard]] Actions give_up(std::string_view reason);

  /// The vote for a checkpoint before whose barrier the output ends at `offset`.
  std::string vote(std::uint64_t offset) const;

  /// Data may be sent: all of it, or while `holding()` only what came before the barrier.
  bool ready() const { return connection_ == ConnectionState::ready; }
  bool holding() const { return phase_ != Phase::open; }
  bool preparing() const { return phase_ == Phase::preparing; }
  bool rolled_back() const { return phase_ == Phase::rolled_back; }
  /// Nothing that was sent waits for a commit.
  bool all_committed() const { return phase_ == Phase::open && !uncommitted_; }
  /// The receiver has seen every decision, as far as the session can know: no decision was made
  /// before the last connection was lost, or it was settled on the present one.
  bool confirmed() const { return confirmed_; }
  /// The next step waits for the receiver: for its frame, or for it to take ours.
  bool awaits_receiver() const {
    return phase_ == Phase::preparing || phase_ == Phase::voting || phase_ == Phase::committing;
  }

 private:
  enum class ConnectionState { away, greeting, notifying, listing, ready };
  enum class Phase { open, held, preparing, voting, voted, committing, rolled_back };

  /// Which of our transactions a receiver has not finished.
  struct Listed {
    bool complete = false;  ///< up to the last commit
    bool failed = false;    ///< after it
    bool pending = false;
  };

  Actions on(const connector_protocol::Ok& ok);
  Actions on(const connector_protocol::NotifyAck& ack);
  Actions on(const connector_protocol::Message& message);
  Actions on(const connector_protocol::Ack&) { return {}; }
  Actions on(const connector_protocol::Error& error);
  Actions on(const connector_protocol::Restart& restart);
  template <class Unexpected>
  Actions on(const Unexpected&);
  Actions on(const connector_protocol::ReplyUncommitted& reply);
  Actions on(const connector_protocol::Reply& reply);

  Actions violation(std::string text);
  Actions lose(std::string reason);
  void roll_back(std::string reason, Actions& actions);
  bool is_pending(std::uint64_t checkpoint) const;
  Listed settle_listed(const std::vector<std::string>& transactions, Actions& actions);
  void resume_pending(bool listed, Actions& actions);
  void compare_offsets(const Listed& listed, Actions& actions);
  void send_decision(std::uint64_t checkpoint, bool commit, Actions& actions) const;
  void send_commit(Actions& actions);
  void become_committed(Actions& actions);
  void expect(bool allowed, std::uint64_t checkpoint) const;
  std::string unexpected(std::string_view what) const;

  Settings settings_;
  ConnectionState connection_ = ConnectionState::away;
  Phase phase_ = Phase::open;
  bool uncommitted_ = false;  ///< since the last commit something was sent
  bool confirmed_;
  bool decided_ = false;       ///< PHASE_2 of the transaction was sent at least in part
  std::uint64_t pending_ = 0;  ///< the checkpoint of the last barrier
  std::uint64_t pending_end_ = 0;
  std::uint64_t notified_ = 0;  ///< the offset in our NOTIFY on this connection
  std::uint64_t held_ = 0;      ///< the offset in the receiver's NOTIFY_ACK
  std::string mismatch_;        ///< between that and what was committed, as last warned of
  std::uint64_t request_tag_ = 77777;
};

}  // namespace wallaroo::internal
