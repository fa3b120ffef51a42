// For programs that feed or drain an application over the connector protocol, and need nothing else
// of wallaroo: link with the target wallaroo::connector_client. The same library in Python is
// clients/python/wallaroo_connector.py, installed in share/wallaroo/python.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <wallaroo/error.hpp>

namespace wallaroo {

/// The application refused something, or what it sent is not the protocol: not worth a retry.
class ConnectorError : public Error {
 public:
  using Error::Error;
};

struct ConnectorClientOptions {
  std::string address = {};  ///< of the connector source, "host:port"
  std::string cookie = {};
  std::string program_name = "connector";
  std::string instance_name = {};
  std::chrono::milliseconds first_backoff{50};  ///< between attempts to connect; doubles
  std::chrono::milliseconds max_backoff{2'000};
  std::chrono::milliseconds retry_open{1'000};  ///< of a stream that was refused
};

/// A stream of a ConnectorClient. Ids of messages rise; what they mean is up to the program: an
/// offset in a file, the number of a row.
struct ConnectorStream {
  std::uint64_t id = 0;
  std::string name;
  /// The next message must have a greater id: what the application has, or what was sent since.
  /// Empty: begin at the beginning.
  std::optional<std::uint64_t> position = {};
  /// Up to here it is part of a complete checkpoint, and will never be asked for again.
  std::optional<std::uint64_t> acknowledged = {};
  bool open = false;   ///< messages can be sent
  bool ended = false;  ///< nothing follows
  bool done = false;   ///< the application has acknowledged all of it, and its end
};

/// Feeds streams into a connector source. For one thread.
///
/// The application may go away at any time, and come back knowing less than it was sent. Then the
/// client reconnects by itself and finds out where each stream is: `position` steps back, and
/// `on_resume` is called. So find what to send next from `position`:
///
///     ConnectorClient client({.address = "127.0.0.1:7100", .cookie = "secret"});
///     ConnectorStream& numbers = client.open_stream(1, "numbers");
///     do {
///       for (auto n = next(numbers.position); n < 1000; n = next(numbers.position)) {
///         client.send(numbers, n, std::to_string(n));
///       }
///     } while (!client.end_stream(numbers));
///
/// What waits reconnects as often as it takes. All of it throws ConnectorError when the application
/// says why it does not want us, and ConfigError for an address that makes no sense.
class ConnectorClient {
 public:
  using OnResume = std::function<void(ConnectorStream&)>;

  explicit ConnectorClient(ConnectorClientOptions options, OnResume on_resume = {});
  /// Like `close`.
  ~ConnectorClient();

  /// Opens a stream, and waits until the application lets it in, which it does not while another
  /// connection has it. The stream lives as long as the client.
  ConnectorStream& open_stream(std::uint64_t id, std::string name);
  /// Sends a message, waiting for credits. False when it was not sent, or has to be sent again,
  /// because the stream goes on somewhere else now: look at its `position`.
  bool send(ConnectorStream& stream, std::uint64_t message_id, std::string_view payload);
  /// Nothing follows. Waits until the application has acknowledged that, which takes until the next
  /// checkpoint if it takes checkpoints. False when the stream must go on at an earlier position
  /// first: send the rest, and call this again.
  bool end_stream(ConnectorStream& stream);
  /// Sends what is buffered, and waits until something has arrived, at most so long. To be called
  /// now and then when there is nothing to send.
  void poll(std::chrono::milliseconds timeout);
  /// Sends what is buffered, as far as that does not wait, and disconnects.
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Bytes [start, end) of an output, to be committed together.
struct ConnectorTransaction {
  std::string id;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  friend bool operator==(const ConnectorTransaction&, const ConnectorTransaction&) = default;
};

/// What is durable of an output.
struct ConnectorOutputState {
  std::uint64_t committed = 0;  ///< bytes
  std::optional<ConnectorTransaction> prepared = {};
};

/// A store for what sinks send: one output for each worker and sink, known by its name. What throws
/// a std::exception has failed: the application goes back to its last checkpoint and sends again.
class ConnectorOutput {
 public:
  virtual ~ConnectorOutput() = default;
  /// What is durable of the output; a new one is empty.
  virtual ConnectorOutputState load(const std::string& name) = 0;
  /// Forget what was written at this offset and after it.
  virtual void truncate(const std::string& name, std::uint64_t offset) = 0;
  /// What one encoder call made, where the output ends. Not to be shown before its commit.
  virtual void write(const std::string& name, std::uint64_t offset, std::string_view data) = 0;
  /// Make everything written durable, and the transaction, so that nothing can prevent a commit,
  /// whatever crashes.
  virtual void prepare(const std::string& name, const ConnectorTransaction& transaction) = 0;
  /// Show what was prepared, durably, and forget the transaction.
  virtual void commit(const std::string& name, const ConnectorTransaction& transaction) = 0;
  /// Forget what was prepared, and the transaction, durably.
  virtual void abort(const std::string& name, const ConnectorTransaction& transaction) = 0;
};

struct ConnectorSinkServerOptions {
  std::string listen = {};                    ///< "host:port"; port 0 lets the kernel choose
  std::string cookie = "Dragons-Love-Tacos";  ///< what a connector sink says by default
  std::size_t max_frame_bytes =
      (std::size_t{1} << 30) + 1024;  ///< a longer one ends its connection
  /// Where to say why a connection ended.
  std::function<void(std::string_view)> log = {};
};

/// Receives what the connector sinks of an application with checkpoints send. For one thread.
class ConnectorSinkServer {
 public:
  /// Listens. `output` must outlive the server. Throws ConfigError or IoError.
  ConnectorSinkServer(ConnectorSinkServerOptions options, ConnectorOutput& output);
  ~ConnectorSinkServer();

  /// Where it listens.
  std::string address() const;
  /// Waits until something has arrived, at most so long, and deals with it.
  void poll(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo
