#include "sink/factories.hpp"

#include <utility>

#include "sink/connector/connector_sink.hpp"
#include "sink/file/file_sink.hpp"
#include "sink/tcp/tcp_sink.hpp"

namespace wallaroo::internal {

SinkFactory tcp_sink_factory(TcpSinkOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<TcpSink>(name, options);
  };
}

SinkFactory file_sink_factory(FileSinkOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<FileSink>(name, options);
  };
}

SinkFactory connector_sink_factory(ConnectorSinkOptions options) {
  return [options = std::move(options)](const std::string& name) {
    return std::make_unique<ConnectorSink>(name, options);
  };
}

}  // namespace wallaroo::internal
