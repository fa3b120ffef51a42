// A sink that hands records to an external receiver, and commits them there with each checkpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <wallaroo/connector_options.hpp>

#include "sink/writer.hpp"

namespace wallaroo::internal {

/// See ConnectorSinkOptions for what it promises.
class ConnectorSink final : public ByteSink {
 public:
  ConnectorSink(std::string name, ConnectorSinkOptions options);

  /// Throws IoError when the vote is none, ConfigError when it is that of a stream which the
  /// options do not name any more: the receiver would see another output begin in its middle.
  void recover(const SinkRecovery& recovery) override;
  /// Checks the options; the receiver may be absent. Throws ConfigError.
  void open() override;
  void set_application(const std::string& name) override {
    if (options_.application.empty()) {
      options_.application = name;
    }
  }
  void set_address(const std::string& address) override;
  std::string address() const override { return options_.connect; }
  std::string place_at_receiver() const override;
  std::unique_ptr<SinkWriter> writer(const WriterContext& context) override;

 private:
  std::string stream() const;
  /// In the stream's name.
  std::string worker() const;

  std::string name_;
  ConnectorSinkOptions options_;
  /// In the HELLO. What a checkpoint has been taken with stays, as receivers may keep the output
  /// under it.
  std::string instance_;
  std::uint64_t checkpoint_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace wallaroo::internal
