#include "source/factories.hpp"

#include <utility>

#include "source/connector/connector_source.hpp"
#include "source/file/file_source.hpp"
#include "source/tcp/tcp_source.hpp"

namespace wallaroo::internal {

SourceFactory tcp_source_factory(TcpSourceOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<TcpSource>(name, options);
  };
}

SourceFactory file_source_factory(FileSourceOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<FileSource>(name, options);
  };
}

SourceFactory connector_source_factory(ConnectorSourceOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<ConnectorSource>(name, options);
  };
}

}  // namespace wallaroo::internal
