#include "sink/tcp/tcp_sink.hpp"

#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/option_check.hpp"
#include "io/address.hpp"
#include "sink/tcp/tcp_writer.hpp"

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

}  // namespace

TcpSink::TcpSink(std::string name, TcpSinkOptions options)
    : name_(std::move(name)), options_(std::move(options)) {}

void TcpSink::open() {
  parsed_peer(name_, options_.connect);
  const OptionCheck check(fmt::format("sink '{}'", name_));
  check.at_least("max_buffer_bytes", options_.max_buffer_bytes, 1);
  check.backoff(options_.first_backoff, options_.max_backoff);
  check.duration("drain_timeout", options_.drain_timeout);
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
