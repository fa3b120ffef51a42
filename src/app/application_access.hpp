// Lets pipelines that are made at run time enter an application.
#pragma once

#include <memory>

#include <wallaroo/application.hpp>

namespace wallaroo::internal {

struct ApplicationAccess {
  /// The graph to which the application's pipelines are added.
  static const std::shared_ptr<Graph>& graph(Application& application) {
    return application.graph_;
  }
};

}  // namespace wallaroo::internal
