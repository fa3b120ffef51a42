// The running side of a connector sink: carries out the session's decisions with sockets, timers
// and the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <wallaroo/types/connector_options.hpp>

#include "io/address.hpp"
#include "sink/connector/connector_connection.hpp"
#include "sink/connector/connector_output.hpp"
#include "sink/connector/connector_session.hpp"
#include "sink/drain_deadline.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// The writer is running until `finish` was called and everything is committed (without
/// checkpoints: sent). Then it is closing, until the receiver's machine has acknowledged all bytes;
/// then closed. With checkpoints, a receiver that is lost while closing is connected once more, to
/// see whether it got the last decision.
///
/// When the application was told to stop, a receiver that is away or slow is given up after the
/// sink's drain time-out. When the input has ended, the last checkpoint's time-out decides instead:
/// whoever started a batch job wants its results, and starting again makes no receiver faster. Once
/// everything is committed, the drain time-out counts in both cases.
class ConnectorWriter final : public SinkWriter {
 public:
  ConnectorWriter(const ConnectorSession::Settings& settings, const HostPort& address,
                  const ConnectorSinkOptions& options, const WriterContext& context);
  ~ConnectorWriter() override { disconnect(); }

  void start() override { connection_.dial(); }
  bool can_accept() const override;
  void write(ByteBatch& batch) override;
  void flush() override { pump(); }
  void drain() override;
  void finish() override;
  bool finished() const override { return state_ == State::closed; }

  void barrier(std::uint64_t number) override;
  /// The receiver is there, and has been sent everything from before the barrier.
  bool passed_barrier() const override {
    return state_ != State::running || session_.rolled_back() ||
           (session_.ready() && output_.sendable() == 0);
  }
  void abandon(std::uint64_t number) override;
  void prepare(std::uint64_t number) override;
  void commit(std::uint64_t number) override;

 private:
  enum class State { running, closing, given_up, closed };

  // From the connection.
  void on_connected();
  void on_received(const connector_protocol::Frame& frame);
  void on_malformed(const std::string& reason);
  void on_lost(const std::string& reason, bool orderly);
  void on_ending(int left);

  /// `step` names the failpoints around what is sent.
  void apply(const ConnectorSession::Actions& actions, std::string_view step = {});
  void perform(const ConnectorSession::Send& send, std::string_view step);
  void perform(const ConnectorSession::Disconnect& disconnect, std::string_view);
  void perform(const ConnectorSession::Prepared& prepared, std::string_view);
  void perform(const ConnectorSession::Committed& committed, std::string_view);
  void perform(const ConnectorSession::RollBack& roll_back, std::string_view);
  void perform(const ConnectorSession::Warn& warn, std::string_view);

  void pump();
  bool send_next();
  bool send_control();
  bool send_data();
  void note_ready();
  void tell_absence(const std::string& problem);

  bool is_done() const;
  void close_when_done();
  bool is_past(std::uint64_t number) const { return past_checkpoint_ == number; }
  bool waits_for_receiver() const;
  void give_up();
  void stop_timer();
  void disconnect();
  void become_closed();

  std::string sink_;
  std::string receiver_;
  ConnectorSinkOptions options_;
  WriterContext context_;
  ConnectorSession session_;
  ConnectorOutput output_;
  ConnectorConnection connection_;
  DrainDeadline deadline_;
  std::size_t send_bytes_;  ///< fewer bytes wait for more, or for `flush`
  State state_ = State::running;
  bool draining_ = false;  ///< told to stop
  bool finishing_ = false;
  bool was_closing_ = false;
  bool pumping_ = false;
  bool known_ready_ = false;
  bool was_ready_ = false;  ///< the session was ready at some time
  std::string absence_;     ///< why there is no receiver, as it was logged last
  std::string step_;        ///< see `apply`; of the control bytes on their way
  std::optional<std::uint64_t>
      past_checkpoint_;                      ///< began when everything was committed and closed
  std::optional<EventLoop::TimerId> timer_;  ///< for the receiver's greeting
};

}  // namespace wallaroo::internal
