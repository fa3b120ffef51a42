// A file or stream that bytes are appended to.
#pragma once

#include <span>
#include <string>

#include <sys/uio.h>

#include <wallaroo/types/connector_options.hpp>

#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {

/// Throws IoError: somebody else writes to the file.
[[noreturn]] void refuse_locked(const std::string& who, const std::string& path);

/// A regular file is locked while it is open: an object that empties it excludes everybody else,
/// while objects that append exclude only that. Regular files are written with blocking calls;
/// pipes, terminals and sockets never make the caller wait for a slow reader. Standard output keeps
/// its flags: O_NONBLOCK would be seen by every other process that shares it, the user's shell
/// among them.
class OutputFile {
 public:
  /// Opens "-" as standard output. `who` begins error messages: "sink 'totals'". Throws IoError.
  OutputFile(std::string who, const FileSinkOptions& options);

  /// Writes as many of the bytes as are taken now. The calling thread must have SIGPIPE ignored or
  /// blocked.
  IoResult write(std::span<const iovec> parts);
  /// Describes an error of `write`, with advice.
  std::string explain(int error) const;
  /// Throws IoError if the system reports an error only now, as network file systems do.
  void close();
  /// The sink, as error messages name it.
  const std::string& name() const { return who_; }
  /// Watch this after a write that would block.
  int descriptor() const { return fd_.get(); }

 private:
  enum class Kind {
    plain,   ///< writes block for short (files), or the descriptor is non-blocking and ours
    socket,  ///< non-blocking per call
    shared,  ///< a stream that others write to through the same open description
  };

  void open_standard_output();
  void open_path(const FileSinkOptions& options);

  std::string who_;
  std::string path_;
  FileDescriptor fd_;
  Kind kind_ = Kind::plain;
};

}  // namespace wallaroo::internal
