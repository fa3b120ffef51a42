// How many bytes a producer may have on their way to a consumer in another process. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace wallaroo::internal::link {

// Both sides count the bytes of a channel from its beginning, so a message that says how far the
// other side is can be repeated or be late, and no byte is ever counted twice:
//
//   consumed <= received <= sent        and the producer may send while sent < limit
//
// `limit` is what the consumer has promised to have room for. It never goes down. A batch may go
// beyond it, since its size is known only when it is encoded; the next batch then waits. So each
// channel takes at most (limit - consumed) and one batch of memory, and when everything is consumed
// there is always room for one batch, whatever its size.

/// What a channel may have on its way without asking: one full batch.
inline constexpr std::uint64_t own_credit = 64 * 1024;
/// What the channels of one edge into one executor may have beyond that, all together.
inline constexpr std::uint64_t pool_credit = 4 * 1024 * 1024;
/// What a frame takes beside its bytes, so that many small ones are bounded as well.
inline constexpr std::uint64_t frame_cost = 256;

/// How far the consumer of a channel is.
struct Credit {
  std::uint64_t consumed = 0;
  std::uint64_t limit = own_credit;

  friend bool operator==(const Credit&, const Credit&) = default;
};

/// The producer's side of a channel.
class SendCredit {
 public:
  bool may_send() const { return sent_ < credit_.limit; }
  void on_sent(std::uint64_t bytes) { sent_ += bytes; }
  /// Returns false for a message that no consumer sends: it has consumed what was not sent. One
  /// that is older than another that came before changes nothing.
  [[nodiscard]] bool on_credit(const Credit& credit) {
    if (credit.consumed > sent_) {
      return false;
    }
    credit_.consumed = std::max(credit_.consumed, credit.consumed);
    credit_.limit = std::max(credit_.limit, credit.limit);
    return true;
  }
  /// True when the consumer has taken everything.
  bool all_consumed() const { return credit_.consumed == sent_; }

 private:
  std::uint64_t sent_ = 0;
  Credit credit_;
};

/// What the channels of one edge into one executor share.
struct CreditPool {
  std::uint64_t free = pool_credit;
};

// clang-format off
/// The consumer's side of a channel.
///
/// | on       | when                                      | then                                            |
/// |----------|-------------------------------------------|-------------------------------------------------|
/// | received | the sender has a backlog                  | the limit is raised by what the pool gives      |
/// |          | it has none                               | nothing                                         |
/// | consumed | always                                    | what the channel has of the pool goes back, as  |
/// |          |                                           | far as the limit was beyond the channel's own   |
/// |          | the sender has a backlog                  | the limit is raised by what the pool gives      |
/// |          | it has none                               | the limit is raised to the channel's own        |
/// | news     | everything is consumed, or the limit is   | tell the producer; forget its backlog: if it    |
/// |          | a quarter of the channel's own beyond the | still has one, its next frame says so           |
/// |          | last one that was told                    |                                                 |
/// | closed   | always                                    | everything goes back to the pool                |
///
/// A channel with a backlog gets twice as much as it had, but never more of the pool than it leaves
/// to the others. So n channels that all have one come to have a share of 1/(n + 1) each.
// clang-format on
class ReceiveCredit {
 public:
  explicit ReceiveCredit(CreditPool& pool) : pool_(&pool) {}
  ReceiveCredit(const ReceiveCredit&) = delete;
  ReceiveCredit& operator=(const ReceiveCredit&) = delete;
  ~ReceiveCredit() { pool_->free += borrowed_; }

  /// A frame has arrived, or a message that the producer waits. `backlog` is what the producer has
  /// ready behind it. Counts it, and returns false when the producer has sent without credit.
  [[nodiscard]] bool on_received(std::uint64_t bytes, std::uint64_t backlog);
  /// The consumer has taken frames of so many bytes. Requires that they had been received.
  void on_consumed(std::uint64_t bytes);
  /// What the producer should be told now, if anything is worth a message.
  std::optional<Credit> news();

  std::uint64_t waiting() const { return received_ - credit_.consumed; }
  std::uint64_t borrowed() const { return borrowed_; }

 private:
  void settle();

  CreditPool* pool_;
  std::uint64_t received_ = 0;
  std::uint64_t backlog_ = 0;   ///< as the producer said since the last news
  std::uint64_t window_ = 0;    ///< what the channel had of the pool when it asked last
  std::uint64_t borrowed_ = 0;  ///< of the pool: what `limit` is beyond `consumed` and the own
  Credit credit_;
  Credit told_;
};

}  // namespace wallaroo::internal::link
