#include "python/functions/test_taps.hpp"

namespace wallaroo::python {

TestTaps*& test_taps() {
  thread_local TestTaps* taps = nullptr;
  return taps;
}

}  // namespace wallaroo::python
