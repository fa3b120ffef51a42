// A sink that hands records to an external receiver, and commits them there with each checkpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "sink/writer.hpp"

namespace wallaroo::internal {

/// See ConnectorSinkOptions for what it promises.
class ConnectorSink final : public ByteSink {
 public:
  ConnectorSink(std::string name, ConnectorSinkOptions options);

  /// Throws IoError if the vote cannot be decoded. Throws ConfigError if it belongs to another
  /// stream than the one that the options name: a receiver would see a new output begin in its
  /// middle.
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
  /// The worker in the stream's name.
  std::string worker() const;

  std::string name_;
  ConnectorSinkOptions options_;
  /// The worker in the HELLO. It stays as it was in the restored checkpoint, because receivers may
  /// keep the output under this name.
  std::string instance_;
  std::uint64_t checkpoint_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace wallaroo::internal
