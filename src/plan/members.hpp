// The workers that run a plan together.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace wallaroo::internal {

struct Member {
  std::string worker;  ///< its name; a single process has none
  int executors = 1;
};

/// The workers of one generation. Executors are counted over all of them, in their order. A value
/// on which all workers agree.
struct Members {
  std::vector<Member> all = {{}};
  /// Where a node runs that runs on one executor, by its name (see `Plan::singles`). A node that is
  /// missing here gets any executor, the same one in every worker.
  std::map<std::string, int> homes = {};

  static Members one(int executors) { return {{{{}, executors}}, {}}; }

  int executors() const {
    int sum = 0;
    for (const Member& member : all) {
      sum += member.executors;
    }
    return sum;
  }
};

/// One executor of a worker.
struct Seat {
  std::size_t member = 0;  ///< index into Members::all
  int executor = 0;        ///< among those of the worker
};

/// Requires that there is an executor of that number.
inline Seat seat_of(const Members& members, int executor) {
  Seat seat{0, executor};
  while (seat.executor >= members.all[seat.member].executors) {
    seat.executor -= members.all[seat.member].executors;
    ++seat.member;
  }
  return seat;
}

}  // namespace wallaroo::internal
