#pragma once

#include <cstdint>

#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// Says that a run has to end: SIGINT or SIGTERM came, or request() was called from any thread.
//
// The two signals are blocked for good in the calling thread and in those it starts later, so
// construct it before the first of them.
class StopRequest {
 public:
  StopRequest();

  void request();
  bool requested() const;

  // Sleeps until the request or until the time has passed; true if requested.
  bool wait_for(std::uint64_t duration_ns) const;

  // Readable, for good, once requested. For poll and epoll; never read it.
  int fd() const { return either_.get(); }

 private:
  UniqueFd signals_;
  UniqueFd event_;
  UniqueFd either_;
};

}  // namespace wallaroo::giles
