#pragma once

#include <stdexcept>

namespace wallaroo::giles {

// Something outside the program went wrong: the peer, a file, the network. Exit code 1.
struct RuntimeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The person who typed the command has to change it. Exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace wallaroo::giles
