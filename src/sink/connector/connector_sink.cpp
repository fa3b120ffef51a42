#include "sink/connector/connector_sink.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/option_check.hpp"
#include "io/address.hpp"
#include "sink/connector/connector_transaction.hpp"
#include "sink/connector/connector_writer.hpp"

namespace wallaroo::internal {

namespace {

/// The limit for each part of a transaction's name, which has at most 65535 bytes in the protocol.
constexpr std::size_t max_name_bytes = 16 * 1024;
/// The first worker of a cluster has always had this name.
constexpr std::string_view default_worker = "initializer";

HostPort parsed_receiver(const std::string& sink, const std::string& address) {
  try {
    HostPort receiver = parse_host_port(address);
    if (receiver.port == 0) {
      throw ConfigError(
          fmt::format("'{}' has port 0; give the port on which the receiver listens", address));
    }
    return receiver;
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("sink '{}': {}", sink, error.what()));
  }
}

void require(bool holds, const std::string& sink, std::string_view rule) {
  if (!holds) {
    throw ConfigError(fmt::format("sink '{}': {}", sink, rule));
  }
}

void require_name(const std::string& sink, std::string_view what, const std::string& name) {
  require(!name.empty() && name.size() <= max_name_bytes, sink,
          fmt::format("{} must have 1 to {} bytes", what, max_name_bytes));
}

}  // namespace

ConnectorSink::ConnectorSink(std::string name, ConnectorSinkOptions options)
    : name_(std::move(name)),
      options_(std::move(options)),
      instance_(options_.worker.empty() ? default_connector_instance(name_) : options_.worker) {}

std::string ConnectorSink::worker() const {
  return options_.worker.empty() ? std::string(default_worker) : options_.worker;
}

std::string ConnectorSink::stream() const {
  return connector_stream_name(options_.application, worker(), name_);
}

void ConnectorSink::recover(const SinkRecovery& recovery) {
  checkpoint_ = recovery.checkpoint;
  offset_ = 0;
  // A sink that was added after the checkpoint was taken has no vote in it.
  if (recovery.checkpoint == 0 || recovery.prepared.empty()) {
    return;
  }
  const auto vote = decode_vote(recovery.prepared);
  if (!vote) {
    throw IoError(fmt::format(
        "sink '{}': the {} bytes that checkpoint {} keeps for it are not those of a connector "
        "sink; was it another kind of sink then? Give the new one another name",
        name_, recovery.prepared.size(), recovery.checkpoint));
  }
  if (vote->stream != stream()) {
    throw ConfigError(fmt::format(
        "sink '{}': its output is '{}' now and was '{}' in checkpoint {}; give the sink the "
        "application and worker that it had then",
        name_, stream(), vote->stream, recovery.checkpoint));
  }
  const std::string instance = vote->instance.empty() ? worker() : vote->instance;
  if (!options_.worker.empty() && instance != options_.worker) {
    throw ConfigError(fmt::format(
        "sink '{}': its worker is '{}' now, and in checkpoint {} it was called '{}' because it had "
        "none; leave it out again, as receivers may keep the output under that name",
        name_, options_.worker, recovery.checkpoint, instance));
  }
  instance_ = instance;
  offset_ = vote->offset;
}

void ConnectorSink::open() {
  parsed_receiver(name_, options_.connect);
  require_name(name_, "application", options_.application);
  require_name(name_, "worker", instance_);
  require(options_.cookie.size() <= max_name_bytes, name_,
          fmt::format("cookie must have at most {} bytes", max_name_bytes));
  const OptionCheck check(fmt::format("sink '{}'", name_));
  check.at_least("max_buffer_bytes", options_.max_buffer_bytes, 1);
  check.backoff(options_.first_backoff, options_.max_backoff);
  check.duration("drain_timeout", options_.drain_timeout);
}

void ConnectorSink::set_address(const std::string& address) {
  parsed_receiver(name_, address);
  options_.connect = address;
}

std::string ConnectorSink::place_at_receiver() const {
  return fmt::format("{} as worker '{}'", parsed_receiver(name_, options_.connect).to_string(),
                     instance_);
}

std::unique_ptr<SinkWriter> ConnectorSink::writer(const WriterContext& context) {
  const HostPort receiver = parsed_receiver(name_, options_.connect);
  const ConnectorSession::Settings settings{.sink = fmt::format("sink '{}'", name_),
                                            .receiver = receiver.to_string(),
                                            .cookie = options_.cookie,
                                            .application = options_.application,
                                            .worker = instance_,
                                            .voted_worker = instance_ == worker() ? "" : instance_,
                                            .stream = stream(),
                                            .transactional = context.transactions != nullptr,
                                            .checkpoint = checkpoint_,
                                            .offset = offset_};
  return std::make_unique<ConnectorWriter>(settings, receiver, options_, context);
}

}  // namespace wallaroo::internal
