// Lets public headers make byte sinks without including them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "sink/writer.hpp"

namespace wallaroo::internal {

using SinkFactory = std::function<std::unique_ptr<ByteSink>(const std::string& name)>;

SinkFactory tcp_sink_factory(TcpSinkOptions options);
SinkFactory file_sink_factory(FileSinkOptions options);
SinkFactory connector_sink_factory(ConnectorSinkOptions options);

}  // namespace wallaroo::internal
