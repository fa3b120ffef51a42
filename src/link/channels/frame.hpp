// The frames of a link: built into bytes, and cut from the bytes that arrive. docs/formats/links.md
// has their form. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include <wallaroo/types/error.hpp>

#include "link/channels/credit.hpp"
#include "record/batch.hpp"
#include "record/pinned.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::internal::link {

/// Thrown for bytes that are no frames. Nothing that follows them on the connection can be trusted.
class FrameError : public Error {
 public:
  using Error::Error;
};

enum class FrameKind : std::uint8_t {
  open = 1,  ///< a channel begins
  data = 2,
  barrier = 3,
  end = 4,     ///< no records follow on the channel
  credit = 5,  ///< from the consumer: how far it is; from the producer, without body: it waits
  ping = 6,
  pong = 7,
  closed = 8,  ///< no frames follow on the channel
};

inline constexpr std::size_t head_bytes = 20;
/// The largest body. A batch with more cannot be sent.
inline constexpr std::size_t most_body_bytes = 1 << 30;

struct FrameHead {
  std::uint32_t bytes = 0;  ///< of the body
  FrameKind kind = FrameKind::data;
  bool idle = false;          ///< of data and barriers: the producer's watermark is idle
  std::uint16_t records = 0;  ///< of data
  std::uint32_t channel = 0;
  std::uint32_t backlog = 0;  ///< bytes that wait at the producer behind this frame

  friend bool operator==(const FrameHead&, const FrameHead&) = default;
};

/// The bytes of a frame that has arrived. Views in its records point into them.
class FrameBody final : public Pinned {
 public:
  explicit FrameBody(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}

  std::string_view bytes() const { return {bytes_.get(), size_}; }
  std::span<char> space(std::size_t from) { return {bytes_.get() + from, size_ - from}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

struct Frame {
  FrameHead head;
  boost::intrusive_ptr<const FrameBody> body;  ///< null when it has no bytes

  std::string_view bytes() const { return body == nullptr ? std::string_view() : body->bytes(); }
};

// What the bodies of the kinds say. The readers throw FrameError; the cutter has already compared
// the size of each body with its kind.

struct Open {
  std::uint16_t edge = 0;  ///< of the plan
  std::uint16_t to = 0;    ///< executor of the worker to which the link leads

  friend bool operator==(const Open&, const Open&) = default;
};
Open read_open(const Frame& frame);
Credit read_credit(const Frame& frame);
/// Of a ping and of its pong: the time of the clock of whoever sent the ping.
std::int64_t read_time(const Frame& frame);
struct BarrierFrame {
  Watermark watermark;
  Barrier barrier;
};
BarrierFrame read_barrier(const Frame& frame);
/// What precedes the records in the body of data.
struct DataFrame {
  Watermark watermark;
  std::int64_t age_ns = no_age;  ///< of the oldest record, when the frame was made
  std::string_view records;

  static constexpr std::int64_t no_age = -1;
};
DataFrame read_data(const Frame& frame);

// Each of these appends a frame.

void put_open(std::uint32_t channel, const Open& open, StoredWriter& out);
void put_credit(std::uint32_t channel, const Credit& credit, StoredWriter& out);
/// Says that the producer waits for credit.
void put_wish(std::uint32_t channel, std::uint32_t backlog, StoredWriter& out);
void put_barrier(std::uint32_t channel, const BarrierFrame& barrier, StoredWriter& out);
void put_end(std::uint32_t channel, StoredWriter& out);
void put_closed(std::uint32_t channel, StoredWriter& out);
void put_ping(std::int64_t time_ns, StoredWriter& out);
void put_pong(std::int64_t time_ns, StoredWriter& out);
/// Appends a frame of data. `write_records` appends the records; if it throws, or the frame becomes
/// too large (StoredError), `out` is as it was.
void put_data(const FrameHead& head, const DataFrame& data,
              const std::function<void(StoredWriter&)>& write_records, StoredWriter& out);

/// Cuts the bytes of a connection into frames. The body of each is in memory of its own, so that a
/// frame that waits keeps no other one.
class FrameCutter {
 public:
  /// Takes bytes that have arrived. Calls `on_frame` for each frame that is complete. Throws
  /// FrameError, and what `on_frame` throws; then nothing more can be cut.
  void take(std::string_view arrived, const std::function<void(Frame)>& on_frame);

  /// The rest of the body that is arriving: its bytes may be received right to where they belong.
  /// Empty when no head is complete.
  std::span<char> space();
  /// The first `bytes` of `space` have been filled.
  void filled(std::size_t bytes, const std::function<void(Frame)>& on_frame);
  /// True between two frames.
  bool at_boundary() const { return head_size_ == 0; }

 private:
  void take_head();
  void finish(const std::function<void(Frame)>& on_frame);

  std::array<char, head_bytes> head_bytes_{};
  std::size_t head_size_ = 0;
  std::uint32_t checksum_ = 0;
  FrameHead head_;
  boost::intrusive_ptr<FrameBody> body_;
  std::size_t body_size_ = 0;  ///< bytes of the body that have arrived
};

}  // namespace wallaroo::internal::link
