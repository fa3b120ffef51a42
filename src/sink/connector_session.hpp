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
/// In `connected` the three frames that these answer are sent at once. An ACK is ignored in every
/// state. Any other frame than the one that the state waits for (and REPLY in `ready`) is answered
/// with ERROR; then, and after ERROR, RESTART or a refusal, the connection is closed and another
/// one is made: away.
///
/// The transaction, where checkpoints are taken (otherwise it is always `open`):
///
///     state       event                next        what is done
///     open        barrier              held        what follows waits
///     held        abandon              open        what waits is let go
///     held        prepare              preparing   what came before the barrier is sent
///     preparing   abandon              open
///     preparing   drained and ready    voting      PHASE_1
///     voting      REPLY commit         voted       prepared
///     voting      REPLY abort          rolled_back roll_back
///     voted       commit               committing  PHASE_2 commit (once ready)
///     committing  control_sent         open        committed; what waits is let go
///     open, held, preparing, voting:
///                 connection lost      rolled_back if something uncommitted was sent over it:
///                                                  a receiver goes back to its last commit
///                                      the same    otherwise
///     voted, committing:
///                 connection lost      the same    the receiver's promise holds
///     rolled_back anything             rolled_back nothing
///
/// What a receiver lists as uncommitted on a new connection is settled before anything else is
/// sent. Of this stream's transactions, those up to the last commit are committed (again), later
/// ones are aborted, the newest first (see `end_of_transaction`, which rests on that). The one that
/// is voted waits for `commit`; the one that is committing gets its PHASE_2. Is the voted one not
/// listed, its promise is broken: roll_back. Is the committing one not listed, its PHASE_2 had
/// arrived.
///
/// What the receiver holds, by its NOTIFY_ACK, is compared with what was committed. A difference
/// that nothing in doubt explains is told: it is ahead, or has lost something. Nothing else depends
/// on that number, since some receivers echo what they were told or say always the same.
class ConnectorSession {
 public:
  struct Settings {
    std::string sink;      ///< how messages name it: "sink 'totals'"
    std::string receiver;  ///< likewise: "127.0.0.1:7200"
    std::string cookie;
    std::string application;
    std::string worker;             ///< the instance in the HELLO
    std::string voted_worker = {};  ///< that, if the stream's name does not say it
    std::string stream;
    bool transactional = false;    ///< checkpoints are taken
    std::uint64_t checkpoint = 0;  ///< the last complete one; 0: there is none
    std::uint64_t offset = 0;      ///< of the output, in that checkpoint
  };

  // What is to be done, in this order.
  /// Frames, to be handed over before any further data.
  struct Send {
    std::string bytes;
  };
  /// Close the connection, after an attempt to send what was given just before.
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
  /// What arrived is no frame.
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
  /// `offset`: where the output stands.
  void barrier(std::uint64_t checkpoint, std::uint64_t offset);
  void abandon(std::uint64_t checkpoint);
  void prepare(std::uint64_t checkpoint);
  [[nodiscard]] Actions commit(std::uint64_t checkpoint);
  /// The application goes on without what is not committed.
  [[nodiscard]] Actions give_up(std::string_view reason);

  /// What a checkpoint keeps when the output stands at `offset`.
  std::string vote(std::uint64_t offset) const;

  /// Data may be sent: all of it, or while `holding()` only what came before the barrier.
  bool ready() const { return link_ == Link::ready; }
  bool holding() const { return phase_ != Phase::open; }
  bool preparing() const { return phase_ == Phase::preparing; }
  bool rolled_back() const { return phase_ == Phase::rolled_back; }
  /// Nothing that was sent awaits a commit.
  bool all_committed() const { return phase_ == Phase::open && !uncommitted_; }
  /// The receiver has seen every decision, as far as one can know: none was made before the last
  /// connection was lost, or it was settled on the present one.
  bool confirmed() const { return confirmed_; }
  /// A frame of the receiver's, or taking frames from here, is what the next step waits for.
  bool awaits_receiver() const {
    return phase_ == Phase::preparing || phase_ == Phase::voting || phase_ == Phase::committing;
  }

 private:
  enum class Link { away, greeting, notifying, listing, ready };
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
  Link link_ = Link::away;
  Phase phase_ = Phase::open;
  bool uncommitted_ = false;  ///< since the last commit something was sent
  bool confirmed_;
  bool decided_ = false;       ///< PHASE_2 of the transaction was begun to be sent, ever
  std::uint64_t pending_ = 0;  ///< the checkpoint of the last barrier
  std::uint64_t pending_end_ = 0;
  std::uint64_t notified_ = 0;  ///< where we said on this connection that the output goes on
  std::uint64_t held_ = 0;      ///< what the receiver said then
  std::string mismatch_;        ///< between that and what was committed
  std::uint64_t request_tag_ = 77777;
};

}  // namespace wallaroo::internal
