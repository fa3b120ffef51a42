#include "source/tcp/tcp_source.hpp"

#include <functional>
#include <utility>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "base/option_check.hpp"
#include "io/socket.hpp"
#include "source/naming.hpp"
#include "source/tcp/tcp_reader.hpp"

namespace wallaroo::internal {
namespace {

std::shared_ptr<TcpShared> make_shared_part(std::string name, TcpSourceOptions options) {
  return naming_source(name, [&] {
    OptionCheck("").at_least("max_connections", options.max_connections, 1);
    Framer framer(std::move(options.framing), options.max_frame_bytes);
    return std::make_shared<TcpShared>(name, std::move(framer), options.max_connections);
  });
}

}  // namespace

TcpSource::TcpSource(std::string name, TcpSourceOptions options)
    : address_(options.listen), shared_(make_shared_part(std::move(name), std::move(options))) {}

void TcpSource::open() {
  shared_->listener = naming_source(shared_->name, [&] { return listen_tcp(address_); });
  address_ = local_address(shared_->listener.get()).to_string();
}

void TcpSource::set_address(const std::string& address) {
  naming_source(shared_->name, [&] { return parse_host_port(address); });
  address_ = address;
}

std::string TcpSource::address() const { return address_; }

std::unique_ptr<SourceReader> TcpSource::reader(int index, int executors,
                                                const ReaderContext& context) {
  const auto count = static_cast<std::size_t>(executors);
  if (shared_->readers.empty()) {
    for (std::size_t i = 0; i < count; ++i) {
      shared_->readers.push_back(std::make_shared<TcpReaderHandle>());
    }
    // Chosen by name, so that the first connections of several sources do not meet on one executor.
    shared_->acceptor = std::hash<std::string>{}(shared_->name) % count;
  }
  check(index >= 0 && index < executors && shared_->readers.size() == count,
        "every executor has one share of a source");
  return std::make_unique<TcpReader>(shared_, static_cast<std::size_t>(index), context);
}

}  // namespace wallaroo::internal
