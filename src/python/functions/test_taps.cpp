#include "python/functions/test_taps.hpp"

namespace wallaroo::python {

constinit thread_local TestTaps* taps_of_thread = nullptr;

}  // namespace wallaroo::python
