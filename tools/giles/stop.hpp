#pragma once

#include <cstdint>

#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// Knows whether a run has to end: because SIGINT or SIGTERM came, or because request() was called,
// from any thread.
//
// The two signals are blocked for good in the calling thread and in those it starts later, so
// construct it before the first of them.
class StopRequest {
 public:
  StopRequest();

  void request();
  bool requested() const;

  // Sleeps until the request or until the time has passed; returns true if requested.
  bool wait_for(std::uint64_t duration_ns) const;

  // A descriptor that becomes and stays readable once a stop is requested. For poll and epoll;
  // never read from it.
  int fd() const { return either_.get(); }

 private:
  UniqueFd signals_;
  UniqueFd event_;
  UniqueFd either_;
};

}  // namespace wallaroo::giles
