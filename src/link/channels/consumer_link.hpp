// The consumer's side of a link: from one executor of another worker to this worker.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "link/channels/credit.hpp"
#include "link/channels/link_socket.hpp"
#include "link/channels/remote_input.hpp"

namespace wallaroo::internal::link {

/// Where the records of a channel go.
struct Destination {
  RemoteInput* input = nullptr;
  CreditPool* pool = nullptr;  ///< of the edge and the consuming executor; used by one reader
};

/// Belongs to the executor that reads the connection, on whose thread all calls are made.
class ConsumerLink final : private LinkSocket::Owner {
 public:
  struct Calls {
    /// Finds where a new channel leads; without an input when there is no such edge or executor, or
    /// another channel leads there.
    std::function<Destination(const Open&)> find;
    /// Called once when the connection is gone before all channels have ended. Must not destroy the
    /// link.
    std::function<void(const std::string&)> on_lost;
  };
  ConsumerLink(EventLoop& loop, const Clock& clock, Calls calls, const LinkTimes& times = {});

  /// Begins with a connection that an acceptor handed over.
  void attach(FileDescriptor socket, std::string_view arrived) {
    socket_.attach(std::move(socket), arrived, false);
  }
  /// Pushes what waits into mailboxes that have room again, tells the producer what was consumed,
  /// and sends. Call at the end of each turn of the executor, and before it sleeps. Returns true
  /// when it did something.
  bool serve();
  /// True when `serve` would do something. Call as the last look before the executor sleeps.
  bool has_work() const;
  /// Asks mailboxes that are full to wake this executor. Call before the last look for work.
  void before_sleep();
  /// True when every channel has ended and everything was consumed.
  bool finished() const;
  bool over() const { return socket_.over(); }
  const LinkCounters& counters() const { return socket_.counters(); }

 private:
  struct Channel {
    explicit Channel(const Destination& destination)
        : input(destination.input), credit(*destination.pool) {}

    RemoteInput* input;
    ReceiveCredit credit;
    std::uint64_t counted = 0;     ///< of what the input says that it consumed
    std::deque<BatchPtr> waiting;  ///< did not fit the mailbox; bounded by the credit
    bool ended = false;
    bool closed = false;
  };

  void on_frame(Frame frame) override;
  void on_lost(const std::string& reason) override { calls_.on_lost(reason); }
  bool may_end() const override;

  void open(const Frame& frame);
  Channel& channel_of(const Frame& frame);
  void on_data(Channel& channel, Frame frame);
  void on_end(Channel& channel);
  void push(Channel& channel, BatchPtr batch);
  bool serve(std::uint32_t number, Channel& channel);
  bool push_waiting(Channel& channel);

  const Clock& clock_;
  Calls calls_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Channel>> channels_;
  LinkSocket socket_;
};

}  // namespace wallaroo::internal::link
