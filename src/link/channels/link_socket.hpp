// The socket of a link, on either side: frames in, frames out, and the loss of it noticed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "link/channels/frame.hpp"
#include "link/channels/output.hpp"
#include "metrics/counter.hpp"

namespace wallaroo::internal::link {

struct LinkTimes {
  /// Between two pings of the side that dialled.
  std::chrono::nanoseconds ping = std::chrono::seconds(1);
  /// The other machine is gone when its system does not acknowledge bytes for so long.
  std::chrono::milliseconds unacknowledged = std::chrono::seconds(5);
  /// The other worker hangs when it says nothing for so long. An executor that is in a long call of
  /// the user says nothing, so this is long. A process that is stopped loses its lease before.
  std::chrono::nanoseconds silent = std::chrono::seconds(60);
};

/// Counted by one executor, read by any thread.
struct LinkCounters {
  Counter bytes_in;
  Counter bytes_out;
  Counter frames_in;
  Counter credit_waits;
  Gauge round_trip_ns;
};

/// Does its own pings. All calls on the thread of its event loop.
class LinkSocket final : public ReadyHandler {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// May throw FrameError, which loses the link.
    virtual void on_frame(Frame frame) = 0;
    /// The connection is gone, for good: no frame follows. Called once. Must not destroy the
    /// socket.
    virtual void on_lost(const std::string& reason) = 0;
    /// True when the other side may close the connection, because everything is done. Then
    /// `on_lost` is not called.
    virtual bool may_end() const = 0;
  };

  LinkSocket(EventLoop& loop, const Clock& clock, Owner& owner, const LinkTimes& times);
  LinkSocket(const LinkSocket&) = delete;
  LinkSocket& operator=(const LinkSocket&) = delete;
  ~LinkSocket() override;

  /// Begins with a connection whose handshake is done, and bytes that came behind it. Frames that
  /// were appended before are sent then. `pings`: this side dialled.
  void attach(FileDescriptor socket, std::string_view arrived, bool pings);
  bool attached() const { return static_cast<bool>(socket_); }
  /// True when there was a connection that is gone.
  bool over() const { return over_; }

  /// Where to append the next frame; call `appended` after it.
  StoredWriter& out() { return output_.writer(); }
  /// Sends when plenty waits; the rest is sent by `flush`.
  void appended();
  /// Sends everything that the socket takes. Call at the end of each turn of the executor.
  void flush();
  /// Reads on, if the last event brought more than is read at once. Returns true when it did. Call
  /// in each turn.
  bool read_on();
  bool has_more() const { return more_; }
  /// Gives the connection up.
  void lose(const std::string& reason);

  const LinkCounters& counters() const { return counters_; }
  LinkCounters& counters() { return counters_; }

  void on_ready(std::uint32_t events) override;

 private:
  void read();
  /// Returns false when there is nothing more to read now.
  bool read_some(std::size_t& budget);
  void take(std::string_view arrived);
  void filled(std::size_t bytes);
  void on_frame(Frame frame);
  void end(const std::string& reason);
  void send();
  void tick();

  // Constant after construction.
  EventLoop& loop_;
  const Clock& clock_;
  Owner& owner_;
  const LinkTimes times_;

  FileDescriptor socket_;
  bool over_ = false;
  bool pings_ = false;
  bool more_ = false;  ///< bytes may be there that were not read
  Output output_;
  FrameCutter cutter_;
  std::array<char, 16 * 1024> staging_;
  EventLoop::TimerId timer_ = 0;
  std::int64_t heard_ns_ = 0;  ///< when bytes came last
  LinkCounters counters_;
};

}  // namespace wallaroo::internal::link
