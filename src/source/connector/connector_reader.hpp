// One executor's connections of a connector source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "io/event_loop.hpp"
#include "source/connector/connector_source_delivery.hpp"
#include "source/connector/connector_source_session.hpp"
#include "source/connector/stream_registry.hpp"
#include "source/frame_buffer.hpp"
#include "source/frame_delivery.hpp"
#include "source/source.hpp"
#include "source/tcp/tcp_acceptor.hpp"
#include "source/tcp/tcp_shared.hpp"

namespace wallaroo::internal {

/// Shared by the executors' shares of one connector source.
struct ConnectorSourceShared {
  ConnectorSourceShared(std::shared_ptr<TcpShared> tcp_part, SourceSessionSettings all,
                        std::size_t executors)
      : tcp(std::move(tcp_part)),
        settings(std::move(all)),
        registry(executors, settings.checkpoints) {}

  const std::shared_ptr<TcpShared> tcp;
  const SourceSessionSettings settings;
  StreamRegistry registry;
};

class ConnectorSourceConnection;
using ConnectorHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using ReadyConnections =
    boost::intrusive::list<ConnectorSourceConnection, boost::intrusive::constant_time_size<false>>;

class ConnectorSourceConnection final : public ReadyHandler, public ConnectorHook {
 public:
  enum class State {
    open,
    ended,    ///< the peer sends nothing more
    broken,   ///< reset by the peer, timed out, or it does not read what we send
    stopped,  ///< by us: nothing more is read, but what was read is delivered
  };

  ConnectorSourceConnection(std::shared_ptr<TcpPeer> tcp_peer, BlockPool& pool,
                            ReadyConnections& ready, std::unique_ptr<SourceSession> conversation);
  void on_ready(std::uint32_t events) override;
  bool has_work() const { return readable || !buffer.starved() || state != State::open; }
  /// Sends what the socket takes; the rest when it takes more.
  void flush();
  /// Nothing more will be sent after the bytes that wait; tells the peer once they are sent.
  void finish_sending();
  void wake();

  std::shared_ptr<TcpPeer> peer;
  FrameBuffer buffer;
  std::unique_ptr<SourceSession> session;
  std::list<ConnectorSourceConnection>::iterator self;
  State state = State::open;
  std::string error = {};  ///< why it is broken
  std::int64_t ingest_ns = 0;
  bool readable = false;  ///< a read may bring something
  bool hung_up = false;   ///< only a read of 0 bytes shows that everything was read

 private:
  ReadyConnections& ready_;
  bool finishing_ = false;
};

class ConnectorReader final : public SourceReader, public ConnectionTaker {
 public:
  ConnectorReader(std::shared_ptr<ConnectorSourceShared> shared, std::size_t index,
                  const ReaderContext& context);
  ~ConnectorReader() override;

  void start() override;
  bool poll() override;
  /// With checkpoints the connections stay open, though unread, for the last acknowledgements.
  void stop() override;
  bool finished() const override { return stopped_ && ready_.empty(); }
  std::vector<SourcePosition> save(std::uint64_t number) override;
  void completed(std::uint64_t number) override;

  void adopt(std::shared_ptr<TcpPeer> peer) override;
  void resume_accepting() override;
  /// Streams may have become free, so peers that were refused one are asked to try again.
  void invite_retries();
  /// Another executor's connection with the stream was cut, or the stream is open there again.
  void stream_was_cut(std::uint64_t stream);
  void stream_is_back(std::uint64_t stream);

 private:
  using State = ConnectorSourceConnection::State;

  bool serve(ConnectorSourceConnection& connection, PollBudget& budget);
  bool read(ConnectorSourceConnection& connection, PollBudget& budget);
  bool converse(ConnectorSourceConnection& connection, PollBudget& budget);
  bool converse_about(ConnectorSourceConnection& connection, const FrameBatch& frames);
  bool follow(ConnectorSourceConnection& connection, const SourceStep& step);
  void open(ConnectorSourceConnection& connection, SourceStream& stream);
  void end(ConnectorSourceConnection& connection);
  void report_end(const ConnectorSourceConnection& connection);
  void report_closed(const ConnectorSourceConnection& connection);
  void close(ConnectorSourceConnection& connection);
  void streams_released();
  void await(std::uint64_t stream);
  void cut(const SourceStream& stream);
  void tell_others(void (ConnectorReader::*news)(std::uint64_t), std::uint64_t stream);

  std::shared_ptr<ConnectorSourceShared> shared_;
  std::size_t index_;
  ReaderContext context_;
  BlockPool pool_;
  FrameBatch frames_;
  MessageDelivery delivery_;
  ReadyConnections ready_;
  std::list<ConnectorSourceConnection> connections_;
  std::optional<TcpAcceptor> acceptor_;
  /// Streams that should come back, and the partitions that stand for them here. Each executor
  /// waits for all of them, because a stream may come back to any.
  std::unordered_map<std::uint64_t, std::uint64_t> awaited_;
  std::uint64_t next_partition_ = 0;
  std::uint64_t last_checkpoint_ = 0;  ///< the first with everything; 0: not begun
  bool stopped_ = false;
};

}  // namespace wallaroo::internal
