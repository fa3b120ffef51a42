// The bytes that wait to be sent on a connection.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "io/socket.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::internal::link {

/// Frames are appended to the last of several chunks. A chunk is used again when all of it was
/// sent, so under load no memory is allocated, and no byte is moved.
class Output {
 public:
  static constexpr std::size_t chunk_bytes = 64 * 1024;

  /// Where the next frame is appended. Ask again for each frame.
  StoredWriter& writer();
  bool empty() const;
  std::size_t waiting() const;
  /// True when so much waits that it should be sent before the end of the turn.
  bool plenty() const;
  /// Sends what the socket takes. Returns 0, or the errno of a connection that is broken.
  int send(int socket);
  void clear();

 private:
  /// Returns the number of bytes that were offered.
  std::size_t gather(std::vector<std::string_view>& pieces) const;
  void drop(std::size_t bytes);

  std::deque<StoredWriter> chunks_;
  std::size_t sent_ = 0;  ///< bytes of the first chunk that were sent
  std::vector<StoredWriter> spare_;
  std::vector<std::string_view> pieces_;
};

}  // namespace wallaroo::internal::link
