// A source that external programs feed over the connector protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/connector_options.hpp>

#include "source/connector/connector_reader.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Connections are dealt to the executors as those of a TCP source are. Each stream on them is a
/// partition, whose position is the id of its last message.
class ConnectorSource final : public Source {
 public:
  /// Throws ConfigError for options that make no sense.
  ConnectorSource(std::string name, ConnectorSourceOptions options);

  std::string_view kind() const override { return "Connector Source"; }
  void open() override;
  void set_address(const std::string& address) override;
  void restore(std::vector<SourcePosition> positions) override;
  std::string address() const override { return options_.listen; }
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override;

 private:
  void share_among(std::size_t executors, bool checkpoints);

  std::string name_;
  ConnectorSourceOptions options_;  // `listen` as configured; once open, as bound
  std::shared_ptr<TcpShared> tcp_;
  std::vector<SourcePosition> restored_;
  std::shared_ptr<ConnectorSourceShared> shared_;
};

}  // namespace wallaroo::internal
