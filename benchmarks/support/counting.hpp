// Tells callgrind which part of a program to count. Does nothing outside of it.
#pragma once

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif

namespace wallaroo::bench {

// Counts from construction to destruction, on all threads.
class Counting {
 public:
#ifdef CALLGRIND_START_INSTRUMENTATION
  Counting() { CALLGRIND_START_INSTRUMENTATION; }
  ~Counting() { CALLGRIND_STOP_INSTRUMENTATION; }
#else
  Counting() {}
  ~Counting() {}
#endif
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;
};

}  // namespace wallaroo::bench
