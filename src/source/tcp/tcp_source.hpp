// A source that listens, and reads whatever connects.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <wallaroo/types/connector_options.hpp>

#include "source/source.hpp"
#include "source/tcp/tcp_shared.hpp"

namespace wallaroo::internal {

/// One executor accepts connections and deals them to all executors in turn. From then on one
/// executor reads each of them.
class TcpSource final : public Source {
 public:
  /// Throws ConfigError for options that make no sense.
  TcpSource(std::string name, TcpSourceOptions options);

  void open() override;
  void set_address(const std::string& address) override;
  std::string_view kind() const override { return "TCP Source"; }
  bool listens() const override { return true; }
  std::string address() const override;
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override;

 private:
  std::string address_;  // as configured; once open, as bound
  std::shared_ptr<TcpShared> shared_;
};

}  // namespace wallaroo::internal
