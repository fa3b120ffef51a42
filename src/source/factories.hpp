// Lets public headers make byte sources without including them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "source/source.hpp"

namespace wallaroo::internal {

using SourceFactory = std::function<std::unique_ptr<Source>(const std::string& name)>;

SourceFactory tcp_source_factory(TcpSourceOptions options);
SourceFactory file_source_factory(FileSourceOptions options);
SourceFactory connector_source_factory(ConnectorSourceOptions options);

}  // namespace wallaroo::internal
