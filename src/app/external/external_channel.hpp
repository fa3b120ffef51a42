// The listener of the external channel, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/external/external_message.hpp"
#include "base/log.hpp"
#include "io/address.hpp"

namespace wallaroo::internal {

/// Serves up to 64 connections. A further one is closed at once, and so is one whose bytes are no
/// messages. The messages of all connections are answered one after the other.
class ExternalChannel {
 public:
  /// Called on the channel's thread. An exception from it is logged, and the message gets no
  /// answer.
  using Answer = std::function<std::optional<ExternalMessage>(const ExternalMessage&)>;

  /// `log` must outlive the channel.
  ExternalChannel(HostPort address, Answer answer, const Log& log);
  ExternalChannel(const ExternalChannel&) = delete;
  ExternalChannel& operator=(const ExternalChannel&) = delete;
  ~ExternalChannel();

  /// Binds the address and begins to answer. Throws IoError when the address cannot be used.
  void start();
  /// Waits for an answer that is being made, closes every connection, and joins the thread.
  void stop();
  /// The bound address, with the port that the kernel chose for port 0. Call it only after `start`.
  std::string address() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal
