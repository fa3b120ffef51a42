// The library for programs that feed or drain an application over the connector protocol, and need
// nothing else of wallaroo. GraphCursor with the target wallaroo::connector_client. The same
// library in Python is clients/python/wallaroo_connector, installed in share/wallaroo/python.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <wallaroo/types/error.hpp>

namespace wallaroo {

/// The application refused something, or sent something that is not the protocol. A retry will not
/// help.
class ConnectorError : public Error {
 public:
  using Error::Error;
};

/// Options of a ConnectorClient.
struct ConnectorClientOptions {
  std::string address = {};                      ///< of the connector source, "host:port"
  std::string cookie = {};                       ///< must equal the cookie of the source
  std::string program_name = "connector";        ///< sent in the HELLO
  std::string instance_name = {};                ///< sent in the HELLO
  std::chrono::milliseconds first_backoff{50};   ///< pause after a failed connect; doubles
  std::chrono::milliseconds max_backoff{2'000};  ///< the longest pause
  std::chrono::milliseconds retry_open{1'000};   ///< pause before a refused stream is retried
};

/// A stream of a ConnectorClient. The ids of its messages must rise; the program chooses their
/// meaning, such as an offset in a file or the number of a row. Read it, but leave changes to the
/// client.
struct ConnectorStream {
  std::uint64_t id = 0;  ///< as given to `open_stream`
  std::string name;      ///< as given to `open_stream`
  /// The id of the last message that the application has or that was sent since. The next message
  /// must have a greater id. Empty: begin at the beginning.
  std::optional<std::uint64_t> position = {};
  /// Messages with ids up to this one are part of a complete checkpoint: the application will never
  /// ask for them again.
  std::optional<std::uint64_t> acknowledged = {};
  bool open = false;   ///< messages can be sent
  bool ended = false;  ///< `end_stream` was called; nothing follows
  bool done = false;   ///< the application has acknowledged all messages and the end
};

/// Feeds streams into a connector source. Use it from one thread at a time.
///
/// The application may go away at any time, and come back without some of the messages that it was
/// sent. Then the client reconnects by itself and asks where each stream goes on: `position` steps
/// back, and `on_resume` is called. So derive what to send next from `position`:
///
///     ConnectorClient client({.address = "127.0.0.1:7100", .cookie = "secret"});
///     ConnectorStream& numbers = client.open_stream(1, "numbers");
///     do {
///       for (auto n = next(numbers.position); n < 1000; n = next(numbers.position)) {
///         client.send(numbers, n, std::to_string(n));
///       }
///     } while (!client.end_stream(numbers));
///
/// Calls that wait reconnect as often as it takes. They throw ConnectorError when the application
/// refuses the client for good, with the reason that it gives.
class ConnectorClient {
 public:
  /// Called when the application has told where a stream goes on: after it was opened, and after
  /// every reconnect. `position` is up to date then.
  using OnResume = std::function<void(ConnectorStream&)>;

  /// Connects later, with the first call that needs the application. Throws ConfigError for an
  /// address that makes no sense and for durations that are out of range.
  explicit ConnectorClient(ConnectorClientOptions options, OnResume on_resume = {});
  /// Like `close`.
  ~ConnectorClient();

  /// Opens a stream, and waits until the application accepts it; it refuses while another
  /// connection has the stream. The reference stays valid as long as the client. Throws
  /// ConnectorError when this client has an open stream of that id.
  ConnectorStream& open_stream(std::uint64_t id, std::string name);
  /// Sends a message, and waits for credits when there are none. Returns false when the message was
  /// not sent, or has to be sent again, because the stream goes on somewhere else now: look at its
  /// `position`. Throws ConnectorError for an id that is not greater than `position`, and after
  /// `end_stream`.
  bool send(ConnectorStream& stream, std::uint64_t message_id, std::string_view payload);
  /// Ends the stream. Waits until the application has acknowledged the end, which takes until the
  /// next checkpoint if it takes checkpoints. Returns false when the stream must first go on at an
  /// earlier position: send the rest, and call this again.
  bool end_stream(ConnectorStream& stream);
  /// Sends what is buffered, and waits for at most `timeout` until something has arrived. Call it
  /// now and then when there is nothing to send.
  void poll(std::chrono::milliseconds timeout);
  /// Sends as much of the buffer as the socket takes at once, and disconnects.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bytes [start, end) of an output, which are committed together.
struct ConnectorTransaction {
  std::string id;           ///< unique within the output
  std::uint64_t start = 0;  ///< offset of the first byte
  std::uint64_t end = 0;    ///< offset after the last byte
  friend bool operator==(const ConnectorTransaction&, const ConnectorTransaction&) = default;
};

/// The part of an output that is durable.
struct ConnectorOutputState {
  std::uint64_t committed = 0;  ///< how many bytes are committed, from the beginning
  std::optional<ConnectorTransaction> prepared = {};  ///< what was prepared and not finished
};

/// A store for what sinks send, implemented by the program. It holds one output for each worker and
/// sink, identified by its name. The server calls it on the thread that calls `poll`. A call that
/// throws a std::exception has failed: the application goes back to its last checkpoint and sends
/// again.
class ConnectorOutput {
 public:
  virtual ~ConnectorOutput() = default;
  /// Returns what is durable of the output; nothing for a name that is new. Called when its worker
  /// connects.
  virtual ConnectorOutputState load(const std::string& name) = 0;
  /// Removes what was written at `offset` and after it.
  virtual void truncate(const std::string& name, std::uint64_t offset) = 0;
  /// Appends `data`, the bytes of one encoder call, at `offset`, which is the end of the output.
  /// Must not show them to readers before they are committed.
  virtual void write(const std::string& name, std::uint64_t offset, std::string_view data) = 0;
  /// Makes everything that was written, and the transaction itself, durable. After it returns no
  /// crash may prevent a commit.
  virtual void prepare(const std::string& name, const ConnectorTransaction& transaction) = 0;
  /// Shows the bytes of the prepared transaction to readers, durably, and forgets the transaction.
  virtual void commit(const std::string& name, const ConnectorTransaction& transaction) = 0;
  /// Removes the bytes of the prepared transaction, durably, and forgets the transaction.
  virtual void abort(const std::string& name, const ConnectorTransaction& transaction) = 0;
};

/// Options of a ConnectorSinkServer.
struct ConnectorSinkServerOptions {
  std::string listen = {};  ///< "host:port"; port 0 lets the kernel choose
  /// What a sink must say to be let in. This is the default of ConnectorSinkOptions.
  std::string cookie = "Dragons-Love-Tacos";
  std::size_t max_frame_bytes =
      (std::size_t{1} << 30) + 1024;  ///< a longer frame ends its connection
  /// Is called with one line of text when a connection has ended because of an error. Empty: such
  /// errors are not told.
  std::function<void(std::string_view)> log = {};
};

/// Receives what the connector sinks of an application with checkpoints send. Use it from one
/// thread at a time.
class ConnectorSinkServer {
 public:
  /// Listens from now on. `output` must outlive the server. Throws ConfigError for an address that
  /// makes no sense, IoError when it cannot listen there.
  ConnectorSinkServer(ConnectorSinkServerOptions options, ConnectorOutput& output);
  /// Closes all connections.
  ~ConnectorSinkServer();

  /// The address on which it listens, "host:port", with the real port.
  std::string address() const;
  /// Waits for at most `timeout` until something has arrived, and handles it.
  void poll(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo
