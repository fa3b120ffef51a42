#include "sink/tcp_sink.hpp"

#include <utility>

#include <fmt/format.h>

#include <wallaroo/error.hpp>

#include "io/address.hpp"
#include "sink/tcp_writer.hpp"

namespace wallaroo::internal {

namespace {

HostPort parsed_peer(const std::string& sink, const std::string& address) {
  try {
    HostPort peer = parse_host_port(address);
    if (peer.port == 0) {
      throw ConfigError(
          fmt::format("'{}' has port 0; give the port on which the peer listens", address));
    }
    return peer;
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("sink '{}': {}", sink, error.what()));
  }
}

void require(bool holds, const std::string& sink, std::string_view rule) {
  if (!holds) {
    throw ConfigError(fmt::format("sink '{}': {}", sink, rule));
  }
}

}  // namespace

TcpSink::TcpSink(std::string name, TcpSinkOptions options)
    : name_(std::move(name)), options_(std::move(options)) {}

void TcpSink::open() {
  parsed_peer(name_, options_.connect);
  require(options_.max_buffer_bytes > 0, name_, "max_buffer_bytes must be at least 1");
  require(options_.first_backoff.count() > 0, name_, "first_backoff must be longer than 0");
  require(options_.max_backoff >= options_.first_backoff, name_,
          "max_backoff must not be shorter than first_backoff");
  require(options_.drain_timeout.count() >= 0, name_, "drain_timeout must not be negative");
}

void TcpSink::set_address(const std::string& address) {
  parsed_peer(name_, address);
  options_.connect = address;
}

std::unique_ptr<SinkWriter> TcpSink::writer(const WriterContext& context) {
  return std::make_unique<TcpWriter>(TcpWriter::Peer{name_, parsed_peer(name_, options_.connect)},
                                     options_, context);
}

}  // namespace wallaroo::internal
