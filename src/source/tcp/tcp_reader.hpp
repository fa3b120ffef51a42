// One executor's connections of a TCP source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "io/event_loop.hpp"
#include "source/frame_delivery.hpp"
#include "source/source.hpp"
#include "source/tcp/tcp_acceptor.hpp"
#include "source/tcp/tcp_shared.hpp"

namespace wallaroo::internal {

class TcpConnection;

using ReadyHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
/// Connections that have something to do, in the order in which they are served.
using ReadyConnections =
    boost::intrusive::list<TcpConnection, boost::intrusive::constant_time_size<false>>;

class TcpConnection final : public ReadyHandler, public ReadyHook {
 public:
  enum class State {
    open,
    ended,    ///< the peer sends nothing more
    broken,   ///< reset by the peer, or timed out
    stopped,  ///< by us
  };

  TcpConnection(std::shared_ptr<TcpPeer> tcp_peer, BlockPool& pool, ReadyConnections& ready);
  void on_ready(std::uint32_t events) override;
  /// Whether serving it again would do something.
  bool has_work() const { return readable || !stream.buffer.starved() || state != State::open; }

  std::shared_ptr<TcpPeer> peer;
  ByteStream stream;
  std::list<TcpConnection>::iterator self;
  State state = State::open;
  int error = 0;          ///< why it is broken
  bool readable = false;  ///< a read may bring something
  bool hung_up = false;   ///< only a read of 0 bytes shows that everything was read

 private:
  ReadyConnections& ready_;
};

class TcpReader final : public SourceReader, public ConnectionTaker {
 public:
  TcpReader(std::shared_ptr<TcpShared> shared, std::size_t index, const ReaderContext& context);
  ~TcpReader() override;

  void start() override;
  bool poll() override;
  void stop() override;
  bool finished() const override;

  void adopt(std::shared_ptr<TcpPeer> peer) override;
  void resume_accepting() override;

 private:
  bool serve(TcpConnection& connection, PollBudget& budget);
  bool read(TcpConnection& connection, PollBudget& budget);
  void end(TcpConnection& connection);
  void report_end(const TcpConnection& connection, const StreamEnd& end);
  void report_broken(const TcpConnection& connection);
  void refuse(const TcpConnection& connection, std::string_view error);
  void close(TcpConnection& connection);

  std::shared_ptr<TcpShared> shared_;
  std::size_t index_;
  ReaderContext context_;
  BlockPool pool_;
  FrameDelivery delivery_;
  ReadyConnections ready_;
  std::list<TcpConnection> connections_;
  std::optional<TcpAcceptor> acceptor_;
  std::uint64_t next_partition_ = 0;
  bool stopped_ = false;
};

}  // namespace wallaroo::internal
