// A sink that sends records to a TCP peer and connects again when the peer goes away.
#pragma once

#include <memory>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "sink/writer.hpp"

namespace wallaroo::internal {

/// See TcpSinkOptions for what it promises and what can be lost.
class TcpSink final : public ByteSink {
 public:
  TcpSink(std::string name, TcpSinkOptions options);

  /// Checks the options; the peer may be absent. Throws ConfigError.
  void open() override;
  void set_address(const std::string& address) override;
  std::string address() const override { return options_.connect; }
  std::unique_ptr<SinkWriter> writer(const WriterContext& context) override;

 private:
  std::string name_;
  TcpSinkOptions options_;
};

}  // namespace wallaroo::internal
