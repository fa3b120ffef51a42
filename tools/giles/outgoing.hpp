#pragma once

#include <cstdint>
#include <memory>

#include "giles/framing.hpp"
#include "giles/message_source.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// One connection of a sender: its lane of messages, and how much of it has been written.
class Outgoing {
 public:
  enum class Write {
    kIdle,    // all messages that are due are written
    kMore,    // there is more to write at once
    kFull,    // the socket takes no more now
    kFailed,  // errno says why
  };

  Outgoing(UniqueFd socket, std::unique_ptr<Lane> lane, Framing framing)
      : socket_(std::move(socket)), lane_(std::move(lane)), framing_(framing) {}

  // Writes at most one chunk of the messages below `due` (a count of this lane's messages).
  Write write(std::uint64_t due);

  // After this call write() only finishes the record that it has begun, however many are due.
  void drop_records_not_begun();

  int fd() const { return socket_.get(); }
  bool writable() const { return writable_; }
  void set_writable() { writable_ = true; }
  bool peer_closed() const { return peer_closed_; }
  void set_peer_closed() { peer_closed_ = true; }

  bool in_chunk() const { return written_ < chunk_.bytes.size(); }
  bool has_sent(std::uint64_t messages) const { return !in_chunk() && taken_ >= messages; }
  bool wants_to_write(std::uint64_t due) const { return in_chunk() || taken_ < due; }

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t messages() const;  // written whole
  bool inside_message() const;     // the peer has only a part of a message

 private:
  UniqueFd socket_;
  std::unique_ptr<Lane> lane_;
  Framing framing_;
  bool writable_ = true;
  bool peer_closed_ = false;
  bool draining_ = false;
  Chunk chunk_;
  std::size_t written_ = 0;  // of chunk_
  std::uint64_t taken_ = 0;  // messages taken from the lane, including those of chunk_
  std::uint64_t bytes_ = 0;
};

}  // namespace wallaroo::giles
