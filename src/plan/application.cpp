#include <wallaroo/application.hpp>

namespace wallaroo {

Application::Application(std::string name)
    : name_(std::move(name)), graph_(std::make_shared<internal::Graph>()) {}

internal::StageId Application::add_source(const std::string& name, OnError on_error) {
  return graph_->add_stage({name, name, internal::StageKind::source, on_error});
}

}  // namespace wallaroo
