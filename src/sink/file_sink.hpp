// A sink that appends records to a file or to standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <wallaroo/connector_options.hpp>

#include "sink/output_file.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

class FileSink final : public ByteSink {
 public:
  FileSink(std::string name, FileSinkOptions options);

  void open() override;
  /// Throws ConfigError: a file has no host and port.
  void set_address(const std::string& address) override;
  /// But for devices, such as /dev/null.
  bool exclusive() const override;
  std::string address() const override { return options_.path; }
  std::unique_ptr<SinkWriter> writer(const WriterContext& context) override;

 private:
  std::string name_;
  FileSinkOptions options_;
  std::optional<OutputFile> file_;
};

}  // namespace wallaroo::internal
