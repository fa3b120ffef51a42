// Shared by the tests of the connector sink: a receiver that keeps its promises, and may be told to
// fail.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/connector_protocol.hpp"
#include "io/socket.hpp"
#include "sink/connector/connector_sink.hpp"
#include "sink/sink.rig.hpp"

namespace wallaroo::internal {

using Strings = std::vector<std::string>;

/// A receiver on the test's thread. It keeps committed data, and transactions to which it has
/// agreed, across connections, as on a disk; later data only until the connection ends. Anything
/// that a correct sink never sends is noted in `complaints`.
class Receiver {
 public:
  /// What the receiver does with a frame: `act` on it and answer; `close` the connection without
  /// acting; or act without an answer, and close.
  enum class Behaviour { act, close, act_and_close };

  Receiver() : listener_(listen_tcp("127.0.0.1:0")), address_(name()) {}

  const std::string& address() const { return address_; }
  bool connected() const { return static_cast<bool>(connection_); }
  void hang_up() { connection_.reset(); }

  /// Accepts, reads and answers what there is. A new connection replaces the old one.
  void serve(std::size_t limit = 1 << 20) {
    Accepted accepted = accept_tcp(listener_.get());
    if (accepted.socket) {
      connection_ = std::move(accepted.socket);
      input_.clear();
      next_frame_ = 0;
    }
    if (connected() && reading) {
      read(limit);
    }
  }
  IoResult send(std::string_view bytes) { return send_some(connection_.get(), bytes); }
  void send(const connector_protocol::Frame& frame) { send(connector_protocol::encode(frame)); }
  void send(const connector_protocol::TwoPhaseMessage& message) {
    send(connector_protocol::encode_control_frame(message));
  }

  std::string committed() const { return held_.substr(0, committed_); }
  const std::string& held() const { return held_; }
  void lose_everything() {
    held_.clear();
    committed_ = 0;
    pending_.clear();
  }
  std::size_t uncommitted_transactions() const { return pending_.size(); }
  /// The name of the last transaction that was committed here.
  const std::string& last_transaction() const { return last_transaction_; }
  std::uint64_t point_of_reference() const { return point_of_reference_; }
  const connector_protocol::Hello& hello() const { return hello_; }

  std::vector<std::string> complaints;
  std::vector<std::string> frames;  ///< all but data, as "HELLO", "PHASE_1"
  bool reading = true;
  bool ended = false;  ///< the sink has ended its output
  /// False for a sink without checkpoints: what it sends counts at once, and nothing goes back.
  bool transactional = true;
  std::function<bool()> vote = [] { return true; };
  /// Chooses the behaviour for the next frame, whose name is as in `frames`, or "MESSAGE".
  std::function<Behaviour(std::string_view)> behaviour = [](auto) { return Behaviour::act; };
  std::function<void()> on_hello = [this] { send(connector_protocol::Ok{500}); };

 private:
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
  };

  std::string name() const { return local_address(listener_.get()).to_string(); }

  void read(std::size_t limit) {
    std::vector<char> bytes(64 * 1024);
    while (connected() && limit > 0) {
      const IoResult got =
          receive_some(connection_.get(), bytes.data(), std::min(limit, bytes.size()));
      if (got.bytes == 0) {
        if (!got.would_block()) {
          ended = got.at_end();
          hang_up();
        }
        return;
      }
      limit -= got.bytes;
      input_.append(bytes.data(), got.bytes);
      take_frames();
    }
  }

  void take_frames() {
    while (connected()) {
      const auto body =
          connector_protocol::first_frame(std::string_view(input_).substr(next_frame_), 64 << 20);
      if (!body) {
        input_.erase(0, next_frame_);
        next_frame_ = 0;
        return;
      }
      next_frame_ += connector_protocol::length_bytes + body->size();
      take_frame(connector_protocol::decode(*body));
    }
  }

  void take_frame(const connector_protocol::Frame& frame) {
    namespace protocol = connector_protocol;
    const auto* message = std::get_if<protocol::Message>(&frame);
    const bool is_control = message != nullptr && message->stream_id == protocol::control_stream;
    protocol::TwoPhaseMessage inner;
    std::string_view name = protocol::name_of(frame);
    if (is_control) {
      constexpr std::string_view names[] = {"LIST", "", "PHASE_1", "", "PHASE_2", "LEFT"};
      inner = protocol::decode_two_phase(message->payload);
      name = names[inner.index()];
    }
    if (message == nullptr || is_control) {
      frames.emplace_back(name);
    }
    const Behaviour wanted = behaviour(name);
    silent_ = wanted == Behaviour::act_and_close;
    if (wanted != Behaviour::close) {
      is_control ? std::visit([&](const auto& each) { take(each); }, inner)
                 : std::visit([&](const auto& each) { take(each); }, frame);
    }
    if (wanted != Behaviour::act) {
      hang_up();
    }
  }

  template <class Answer>
  void answer(const Answer& answer) {
    if (!silent_) {
      send(answer);
    }
  }
  void complain(bool when, std::string what) {
    if (when) {
      complaints.push_back(std::move(what));
    }
  }

  template <class Other>
  void take(const Other&) {
    complaints.push_back("a frame that sinks do not send");
  }
  void take(const connector_protocol::Error& error) {
    complaints.push_back("ERROR " + error.message);
  }
  void take(const connector_protocol::Hello& hello) {
    hello_ = hello;
    complain(hello.version != "v0.0.1", "version " + hello.version);
    if (transactional) {
      held_.resize(pending_.empty() ? committed_ : pending_.begin()->second.end);
    }
    if (!silent_) {
      on_hello();
    }
  }
  void take(const connector_protocol::Notify& notify) {
    stream_ = notify.stream_name;
    point_of_reference_ = notify.point_of_reference;
    answer(connector_protocol::Frame(connector_protocol::NotifyAck{true, 1, held_.size()}));
  }
  void take(const connector_protocol::ListUncommitted& list) {
    connector_protocol::ReplyUncommitted reply{list.request_tag, {}};
    for (const auto& [id, range] : pending_) {
      reply.transactions.push_back(id);
    }
    answer(connector_protocol::TwoPhaseMessage(reply));
  }
  void take(const connector_protocol::Message& message) {
    complain(message.stream_id != 1, "data on another stream");
    complain(!pending_.empty(), "data before the last transaction is decided");
    if (transactional) {
      complain(message.message_id != held_.size(),
               fmt::format("data at {} instead of {}", message.message_id, held_.size()));
    }
    held_ += message.payload;
  }
  void take(const connector_protocol::Phase1& phase) {
    const auto& range = phase.ranges.at(0);
    complain(!pending_.empty(), "two transactions");
    complain(!phase.transaction.starts_with(stream_ + ":c_id="), phase.transaction);
    complain(phase.ranges.size() != 1 || range.start != committed_ || range.end != held_.size(),
             fmt::format("{} is {}-{} instead of {}-{}", phase.transaction, range.start, range.end,
                         committed_, held_.size()));
    const bool agreed = vote();
    if (agreed) {
      pending_[phase.transaction] = {range.start, range.end};
    }
    answer(
        connector_protocol::TwoPhaseMessage(connector_protocol::Reply{phase.transaction, agreed}));
  }
  void take(const connector_protocol::Phase2& phase) {
    const auto found = pending_.find(phase.transaction);
    if (found == pending_.end()) {
      complaints.push_back("a decision about " + phase.transaction);
      return;
    }
    if (phase.commit) {
      committed_ = found->second.end;
      last_transaction_ = phase.transaction;
    } else {
      held_.resize(found->second.start);
    }
    pending_.erase(found);
  }

  FileDescriptor listener_;
  std::string address_;
  FileDescriptor connection_;
  std::string input_;
  std::size_t next_frame_ = 0;
  bool silent_ = false;

  std::string stream_;
  std::uint64_t point_of_reference_ = 0;
  connector_protocol::Hello hello_;
  std::string held_;
  std::uint64_t committed_ = 0;
  std::string last_transaction_;
  std::map<std::string, Range> pending_;
};

/// Notes the calls of the writer.
struct Listener final : TransactionListener {
  void prepared(std::uint64_t checkpoint, std::string bytes) override {
    last_prepared = checkpoint;
    vote = std::move(bytes);
  }
  void committed(std::uint64_t checkpoint) override { last_committed = checkpoint; }
  void roll_back(std::string reason) override { reasons.push_back(std::move(reason)); }

  std::uint64_t last_prepared = 0;
  std::uint64_t last_committed = 0;
  std::string vote;
  std::vector<std::string> reasons;
};

inline ConnectorSinkOptions connector_options_for(const std::string& address) {
  using namespace std::chrono_literals;
  return {.connect = address, .first_backoff = 1ms, .max_backoff = 4ms, .drain_timeout = 30s};
}

template <class ClockType = SteadyClock>
struct RunningConnectorSink : SinkWorld<ClockType> {
  enum class Checkpoints { off, on };

  explicit RunningConnectorSink(const ConnectorSinkOptions& options,
                                Checkpoints checkpoints = Checkpoints::on,
                                const SinkRecovery& recovery = {})
      : sink("totals", options) {
    const bool transactional = checkpoints == Checkpoints::on;
    sink.set_application("wallaroo");
    if (transactional) {
      sink.recover(recovery);
    }
    sink.open();
    writer = sink.writer(this->context(transactional ? &listener : nullptr));
    writer->start();
  }
  void write(const std::vector<std::string>& records) {
    ASSERT_TRUE(writer->can_accept());
    const auto batch = batch_of(records);
    writer->write(*batch);
  }
  /// Polls until the condition holds, and serves the receiver meanwhile.
  bool serve_until(Receiver& receiver, const std::function<bool()>& condition) {
    return this->poll_until([&] {
      receiver.serve();
      return condition();
    });
  }
  bool connect_to(Receiver& receiver) {
    return serve_until(receiver, [&] { return this->metrics.connected.value() == 1; });
  }
  void run_for(Receiver& receiver, int turns) {
    for (int i = 0; i < turns; ++i) {
      receiver.serve();
      this->loop.poll(std::chrono::milliseconds(1));
    }
  }

  Listener listener;
  ConnectorSink sink;
  std::unique_ptr<SinkWriter> writer;
};

inline constexpr auto off = RunningConnectorSink<>::Checkpoints::off;
inline constexpr auto on = RunningConnectorSink<>::Checkpoints::on;

/// Has the sink vote on the checkpoint; false if it does not.
template <class Sink>
bool prepare(Sink& sink, Receiver& receiver, std::uint64_t number) {
  sink.writer->prepare(number);
  return sink.serve_until(receiver, [&] { return sink.listener.last_prepared == number; });
}

/// Has the sink commit the checkpoint, and the receiver take it; false if they do not.
template <class Sink>
bool commit(Sink& sink, Receiver& receiver, std::uint64_t number) {
  sink.writer->commit(number);
  return sink.serve_until(receiver, [&] {
    return sink.listener.last_committed == number && receiver.uncommitted_transactions() == 0;
  });
}

}  // namespace wallaroo::internal
