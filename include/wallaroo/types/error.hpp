// Errors that reach the user of the library.
#pragma once

#include <stdexcept>
#include <string>

namespace wallaroo {

/// Base of everything the library throws. `what()` says what happened, where, and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The application, its options or its flags are wrong; nothing was started. Programs exit with 2.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// The operating system or a peer refused something: an address is in use, a file is missing, a
/// permission is lacking. Programs exit with 1.
class IoError : public Error {
 public:
  using Error::Error;
};

/// A user function or decoder failed and the policy of its stage is `stop`. Programs exit with 1.
class StageError : public Error {
 public:
  using Error::Error;
};

}  // namespace wallaroo
