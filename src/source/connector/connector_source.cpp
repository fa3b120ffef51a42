#include "source/connector/connector_source.hpp"

#include <functional>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "base/option_check.hpp"
#include "io/socket.hpp"
#include "source/naming.hpp"

namespace wallaroo::internal {
namespace {

ConnectorSourceOptions checked(ConnectorSourceOptions options) {
  OptionCheck("").at_least("max_connections", options.max_connections, 1);
  if (options.max_credits == 0) {
    throw ConfigError("max_credits must be at least 1: without credits nobody may send anything");
  }
  if (options.refill_credits == 0) {
    options.refill_credits = options.max_credits / 2;
  }
  if (options.refill_credits >= options.max_credits) {
    throw ConfigError(fmt::format("refill_credits ({}) must be less than max_credits ({})",
                                  options.refill_credits, options.max_credits));
  }
  if (options.cookie.size() > UINT16_MAX) {
    throw ConfigError("the cookie is longer than the 65535 bytes that the protocol allows");
  }
  return options;
}

}  // namespace

ConnectorSource::ConnectorSource(std::string name, ConnectorSourceOptions options)
    : name_(std::move(name)),
      options_(naming_source(name_, [&] { return checked(std::move(options)); })),
      tcp_(naming_source(name_, [&] {
        return std::make_shared<TcpShared>(name_, Framer(LengthPrefix{}, options_.max_frame_bytes),
                                           options_.max_connections);
      })) {}

void ConnectorSource::open() {
  tcp_->listener = naming_source(name_, [&] { return listen_tcp(options_.listen); });
  options_.listen = local_address(tcp_->listener.get()).to_string();
}

void ConnectorSource::set_address(const std::string& address) {
  naming_source(name_, [&] { return parse_host_port(address); });
  options_.listen = address;
}

void ConnectorSource::restore(std::vector<SourcePosition> positions) {
  // Whether the positions can be read is checked now; the number of executors is known only later.
  naming_source(name_, [&] { StreamRegistry(1, true).restore(positions); });
  restored_ = std::move(positions);
}

void ConnectorSource::share_among(std::size_t executors, bool checkpoints) {
  for (std::size_t i = 0; i < executors; ++i) {
    tcp_->readers.push_back(std::make_shared<TcpReaderHandle>());
  }
  // Chosen by name, so that the first connections of several sources do not meet on one executor.
  tcp_->acceptor = std::hash<std::string>{}(name_) % executors;
  shared_ = std::make_shared<ConnectorSourceShared>(
      tcp_,
      SourceSessionSettings{options_.cookie, options_.max_credits, options_.refill_credits,
                            checkpoints},
      executors);
  shared_->registry.restore(std::exchange(restored_, {}));
}

std::unique_ptr<SourceReader> ConnectorSource::reader(int index, int executors,
                                                      const ReaderContext& context) {
  const auto count = static_cast<std::size_t>(executors);
  if (!shared_) {
    share_among(count, context.checkpoints);
  }
  check(index >= 0 && index < executors && tcp_->readers.size() == count,
        "every executor has one share of a source");
  return std::make_unique<ConnectorReader>(shared_, static_cast<std::size_t>(index), context);
}

}  // namespace wallaroo::internal
