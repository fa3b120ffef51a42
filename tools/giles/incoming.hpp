#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "giles/frame_counter.hpp"
#include "giles/unique_fd.hpp"

namespace wallaroo::giles {

// One connection of a receiver: counts its records, and puts records cut by a read together.
class Incoming {
 public:
  Incoming(UniqueFd socket, Framing framing, std::uint64_t max_record_bytes)
      : socket_(std::move(socket)), counter_(framing, max_record_bytes) {}

  int fd() const { return socket_.get(); }

  // Returns how many records ended inside `piece`. Throws RuntimeError for a record that is too
  // large.
  std::uint64_t count(std::string_view piece) { return counter_.consume(piece).records; }

  // The same, and calls `use(bytes)` with the bytes of the records that ended, framing included.
  template <typename Use>
  std::uint64_t collect(std::string_view piece, Use use) {
    const FrameCounter::Step step = counter_.consume(piece);
    const std::string_view complete = piece.substr(0, step.complete_bytes);
    if (step.records > 0 && begun_.empty()) {
      use(complete);
    } else if (step.records > 0) {
      begun_ += complete;
      use(std::string_view(begun_));
      begun_.clear();
    }
    begun_ += piece.substr(step.complete_bytes);
    return step.records;
  }

  bool inside_record() const { return counter_.partial_bytes() > 0; }

  // The bytes that collect() holds of a record that has not ended.
  std::string_view begun() const { return begun_; }

 private:
  UniqueFd socket_;
  FrameCounter counter_;
  std::string begun_;
};

}  // namespace wallaroo::giles
