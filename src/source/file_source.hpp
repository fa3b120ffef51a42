// A source that reads files, or standard input, to their end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <wallaroo/connector_options.hpp>

#include "source/connector.hpp"
#include "source/file_connector.hpp"

namespace wallaroo::internal {

/// The files are one partition, read by executor 0, so all their records keep their order.
class FileSource final : public Source {
 public:
  /// Throws ConfigError for options that make no sense.
  FileSource(std::string name, FileSourceOptions options);

  void open() override;
  /// One path in place of all configured ones; "-" is standard input.
  void set_address(const std::string& address) override;
  /// To what executor 0 saved, wherever the next record's file is now.
  void restore(std::vector<SourcePosition> positions) override;
  /// The paths, with commas between them.
  std::string address() const override;
  std::unique_ptr<SourceConnector> connector(int index, int executors,
                                             const ConnectorContext& context) override;

 private:
  FilePlan plan_;
};

}  // namespace wallaroo::internal
