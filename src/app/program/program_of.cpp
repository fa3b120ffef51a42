#include "app/program/program_of.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/application.hpp>
#include <wallaroo/engine.hpp>
#include <wallaroo/run.hpp>
#include <wallaroo/types/error.hpp>

#include "plan/graph.hpp"

namespace wallaroo::internal {

namespace {

/// Names of the nodes that are `wanted`, in the order in which their stages were described.
template <class Wanted>
std::vector<std::string> names_of(const Graph& graph, Wanted wanted) {
  IndexedBy<StageId, bool> named(graph.stages().size(), false);
  for (const Node& node : graph.nodes()) {
    if (wanted(node)) {
      named[node.stages.front()] = true;
    }
  }
  std::vector<std::string> names;
  for (const StageId stage : graph.stages().ids()) {
    if (named[stage]) {
      names.push_back(graph.stages()[stage].name);
    }
  }
  return names;
}

}  // namespace

Program program_of(const Application& application, std::string arguments_help) {
  const Graph& graph = *application.graph();
  return {application.name(), std::string(version()),
          names_of(graph, [](const Node& node) { return node.source != nullptr; }),
          names_of(graph, [](const Node& node) { return node.sink != nullptr; }),
          std::move(arguments_help)};
}

void log_addresses(const Log& log, const Program& program, const Engine& engine) {
  for (const std::string& name : program.sources) {
    log.info("source '{}': reads {}", name, engine.address(name));
  }
  for (const std::string& name : program.sinks) {
    log.info("sink '{}': writes to {}", name, engine.address(name));
  }
}

std::string read_file(const std::string& path) {
  const auto refuse = [&](int error) {
    throw ConfigError(fmt::format("cannot read the configuration file {}: {}", path,
                                  std::generic_category().message(error)));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    refuse(EISDIR);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    refuse(errno);
  }
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) {
    refuse(EIO);
  }
  return std::move(content).str();
}

}  // namespace wallaroo::internal
