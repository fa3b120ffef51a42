// A connection between two workers that have shaken hands.
#pragma once

#include <string>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal::link {

struct Introduced {
  FileDescriptor socket;  ///< non-blocking, and watched by nobody
  std::string arrived;    ///< bytes that came behind the handshake
};

}  // namespace wallaroo::internal::link
