// The running side of a TCP sink.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "io/address.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "sink/dialer.hpp"
#include "sink/drain_deadline.hpp"
#include "sink/output_queue.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// Away (dialling) and connected alternate until `finish`. Then, as soon as everything was handed
/// over, it is closing: the peer has been told that nothing follows, and has to acknowledge; then
/// closed. While the peer is away records wait in the queue. Once a stopping application has given
/// the peer up, records are dropped until `finish`.
class TcpWriter final : public SinkWriter, private ReadyHandler {
 public:
  struct Peer {
    std::string sink;
    HostPort address;
  };

  TcpWriter(Peer peer, TcpSinkOptions options, const WriterContext& context);
  ~TcpWriter() override;

  void start() override;
  bool can_accept() const override { return queue_.bytes() < options_.max_buffer_bytes; }
  void write(ByteBatch& batch) override;
  void flush() override { send_queued(); }
  void drain() override { deadline_.begin(); }
  void finish() override;
  bool finished() const override { return state_ == State::closed; }

  // The peer knows nothing of transactions: bytes that were sent cannot be taken back, so there is
  // nothing to commit or to undo.
  void barrier(std::uint64_t) override { queue_.mark_barrier(); }
  bool passed_barrier() const override { return lost_records_ || queue_.passed_barrier(); }
  void abandon(std::uint64_t) override { preparing_ = 0; }
  /// Answered when the operating system has everything before the barrier: a peer that is away or
  /// slow delays the checkpoint.
  void prepare(std::uint64_t number) override;

 private:
  enum class State { away, connected, closing, given_up, closed };

  void on_ready(std::uint32_t events) override;
  void on_connected(FileDescriptor socket);
  void on_dial_failed(const std::string& reason);
  void on_lost(const std::string& reason);
  void on_closing_ready(std::uint32_t events);
  void drop_input();
  void send_queued();
  void answer_when_handed_over();
  void refuse_checkpoint();
  void begin_closing();
  void check_acknowledged();
  void close_socket();
  void give_up();
  void lose(std::uint64_t records);
  void disconnect();
  void become_closed();

  Peer peer_;
  TcpSinkOptions options_;
  WriterContext context_;
  OutputQueue queue_;
  Dialer dialer_;
  State state_ = State::away;
  FileDescriptor socket_;
  bool writable_ = false;  ///< false from EAGAIN to the next EPOLLOUT
  bool finishing_ = false;
  bool was_connected_ = false;  ///< the peer was connected at some time
  bool absence_logged_ = false;
  std::size_t send_bytes_;  ///< fewer bytes wait for more, or for `flush`
  std::int64_t connected_ns_ = 0;
  int unacknowledged_ = 0;
  bool lost_records_ = false;    ///< some were given up
  std::uint64_t preparing_ = 0;  ///< the checkpoint that waits for an answer
  DrainDeadline deadline_;
  std::optional<EventLoop::TimerId> closing_timer_;
};

}  // namespace wallaroo::internal
