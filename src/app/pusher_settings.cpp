#include "app/pusher_settings.hpp"

#include "io/address.hpp"

namespace wallaroo::internal {

std::optional<PusherSettings> pusher_settings(const MetricsPushOptions& options,
                                              const std::string& application) {
  if (options.address.empty()) {
    return std::nullopt;
  }
  const HostPort receiver = parse_host_port(options.address);
  const std::string& name = options.application.empty() ? application : options.application;
  PusherSettings settings;
  settings.host = receiver.host;
  settings.port = std::to_string(receiver.port);
  settings.sender = {"metrics:" + name, options.worker};
  return settings;
}

}  // namespace wallaroo::internal
