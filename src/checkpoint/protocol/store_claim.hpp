// Decides what the leader of a generation does to the numbers in a store that other leaders may
// still write to. Pure.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

namespace wallaroo::internal {

/// A number that is taken in the store: by a manifest, or by a file that makes it void.
struct StoredNumber {
  std::uint64_t n = 0;
  bool voided = false;

  friend bool operator==(const StoredNumber&, const StoredNumber&) = default;
};

/// Says what became of a file that is created only if there is none with its name. A file that
/// exists and has exactly our bytes was created by us; the answer was lost.
enum class Created : std::uint8_t {
  created,
  taken,   ///< another leader has the number
  unknown  ///< no answer; the file may exist now, later or never
};

/// These are the decisions of `StoreClaim`. The caller answers each with the event that it names.
namespace claim {

/// List all numbers in the store (answer: `on_listed`). A listing that fails is repeated.
struct List {};
/// Make n void, if nobody has the number (answer: `on_created`).
struct CreateVoid {
  std::uint64_t n = 0;
};
/// Create the manifest of n, if nobody has the number (answer: `on_created`).
struct CreateManifest {
  std::uint64_t n = 0;
};
/// Choose a checkpoint below `fence` (`below_fence`), and restore it. The generation's first
/// checkpoint has the number `fence + 1`. No answer.
struct Claimed {
  std::uint64_t fence = 0;
};
/// Checkpoint n is complete and may be committed. No answer.
struct Published {
  std::uint64_t n = 0;
};
/// n is void; the next checkpoint may begin. No answer.
struct GivenUp {
  std::uint64_t n = 0;
};
/// A newer generation has the store. Commit nothing, restore nothing, delete nothing, not even what
/// was just created: the newer generation may have chosen it. The last decision.
struct Fenced {};

}  // namespace claim

using ClaimDecision = std::variant<claim::List, claim::CreateVoid, claim::CreateManifest,
                                   claim::Claimed, claim::Published, claim::GivenUp, claim::Fenced>;
using ClaimDecisions = std::vector<ClaimDecision>;

// clang-format off
/// One generation's claim to the numbers of a store that several leaders may write to, because a
/// leader that was declared dead may only have slept. The store is the only judge: its creation of
/// a file "only if absent" is the one operation that excludes others. From seven rules follows that
/// all commits lie on one line of checkpoints:
///
/// 1. A new generation makes the first free number f void; where somebody is faster, the next one.
/// 2. Then it lists. A number above f means that f was free only because it had been pruned: this
///    leader itself is the old one. It restores nothing.
/// 3. Only then a checkpoint is chosen, below f.
/// 4. Numbers are dense: n + 1 begins only when n is a manifest or void. So whoever is at n when a
///    newer generation has made n void meets that void.
/// 5. After the creation of manifest n the leader lists. A number above n means that n was free
///    only because it had been pruned: nothing is committed.
/// 6. A fenced leader deletes nothing.
/// 7. Pruning goes upwards and stays below the second newest manifest (`prunable`), so that the
///    highest number stays and rules 2 and 5 see it.
///
/// | phase         | on                              | next, and decisions                       |
/// |---------------|---------------------------------|-------------------------------------------|
/// | unclaimed     | begin                           | looking: List                             |
/// | looking       | listed, the highest is f - 1    | voiding f: CreateVoid f                   |
/// | voiding f     | created                         | checking f: List                          |
/// |               | taken                           | looking: List                             |
/// |               | unknown                         | voiding f: CreateVoid f                   |
/// | checking f    | listed, nothing above f         | claimed, next number f + 1: Claimed f     |
/// |               | listed, a number above f        | fenced: Fenced                            |
/// | claimed       | publish n                       | publishing n: CreateManifest n            |
/// |               | give up n                       | giving up n: CreateVoid n                 |
/// | publishing n  | created                         | confirming n: List                        |
/// |               | taken                           | fenced: Fenced                            |
/// |               | unknown                         | publishing n: CreateManifest n            |
/// | confirming n  | listed, nothing above n         | claimed, next number n + 1: Published n   |
/// |               | listed, a number above n        | fenced: Fenced                            |
/// | giving up n   | created                         | claimed, next number n + 1: GivenUp n     |
/// |               | taken                           | fenced: Fenced                            |
/// |               | unknown                         | giving up n: CreateVoid n                 |
///
/// * A listing or creation that is not awaited, or is of another number, is ignored: it is an
///   answer that comes late or twice. `fenced` is an end.
/// * `begin` in another phase, and `publish` and `give_up` of another number than `next_number` or
///   in another phase than `claimed`, break an invariant (std::logic_error).
// clang-format on
class StoreClaim {
 public:
  enum class Phase : std::uint8_t {
    unclaimed,
    looking,
    voiding,
    checking,
    claimed,
    publishing,
    confirming,
    giving_up,
    fenced
  };

  ClaimDecisions begin();
  ClaimDecisions on_listed(const std::vector<StoredNumber>& all);
  ClaimDecisions on_created(std::uint64_t n, Created outcome);
  /// Everything that manifest n refers to is durable.
  ClaimDecisions publish(std::uint64_t n);
  /// Checkpoint n has failed, and its manifest was never created.
  ClaimDecisions give_up(std::uint64_t n);

  Phase phase() const { return phase_; }
  /// The number of the next checkpoint, or of the one that is being published or given up. 0: not
  /// claimed yet.
  std::uint64_t next_number() const { return next_; }

 private:
  ClaimDecisions create();
  ClaimDecisions created();
  ClaimDecisions fenced();

  Phase phase_ = Phase::unclaimed;
  std::uint64_t number_ = 0;  ///< that of the void or manifest under way
  std::uint64_t next_ = 0;
};

/// The numbers that may be removed, in the order in which they must be: all below the second newest
/// manifest. The caller waits for each removal before the next one, and stops at one that fails.
std::vector<std::uint64_t> prunable(std::vector<StoredNumber> all);

}  // namespace wallaroo::internal
