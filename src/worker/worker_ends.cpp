#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/worker_parts.hpp"

namespace wallaroo::internal {

void Worker::open_ends() {
  check_addresses();
  for (NodeId id = 0; id < static_cast<NodeId>(plan_->nodes().size()); ++id) {
    const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
    if (!node.source && !node.sink) {
      continue;
    }
    const std::string& name = plan_->stages()[static_cast<std::size_t>(node.stages.front())].name;
    const auto address = options_.addresses.find(name);
    const auto open = [&](auto& end) {
      if (address != options_.addresses.end()) {
        end.set_address(address->second);
      }
      end.open();
    };
    if (node.source) {
      auto instance = std::make_unique<SourceInstance>();
      instance->name = name;
      if (options_.substitutes.source) {
        instance->source = options_.substitutes.source(name, node);
      }
      if (instance->source == nullptr) {
        instance->source = node.source(name);
      }
      open(*instance->source);
      for (int executor = 0; executor < plan_->executors(); ++executor) {
        instance->metrics.push_back(std::make_unique<SourceMetrics>());
      }
      sources_.emplace(id, std::move(instance));
    } else {
      auto instance = std::make_unique<SinkInstance>();
      instance->name = name;
      instance->sink =
          options_.substitutes.sink ? options_.substitutes.sink(name) : node.sink(name);
      open(*instance->sink);
      check_exclusive(*instance);
      sinks_.emplace(id, std::move(instance));
    }
  }
}

void Worker::check_exclusive(const SinkInstance& added) const {
  for (const auto& [id, other] : sinks_) {
    if (added.sink->exclusive() && other->sink->exclusive() &&
        added.sink->address() == other->sink->address()) {
      throw ConfigError(fmt::format(
          "sinks '{}' and '{}' would both write to {} and overwrite each other: give each its own",
          other->name, added.name, added.sink->address()));
    }
  }
}

void Worker::check_addresses() const {
  std::set<std::string> names;
  for (const Node& node : plan_->nodes()) {
    if (node.source || node.sink) {
      names.insert(plan_->stages()[static_cast<std::size_t>(node.stages.front())].name);
    }
  }
  for (const auto& [name, address] : options_.addresses) {
    if (!names.contains(name)) {
      throw ConfigError(fmt::format(
          "cannot set the address of '{}' to {}: the application has no source or sink of that "
          "name (it has: {})",
          name, address, fmt::join(names, ", ")));
    }
  }
}

std::string Worker::address(const std::string& source_or_sink) const {
  for (const auto& [id, source] : sources_) {
    if (source->name == source_or_sink && source->source != nullptr) {
      return source->source->address();
    }
  }
  for (const auto& [id, sink] : sinks_) {
    if (sink->name == source_or_sink && sink->sink != nullptr) {
      return sink->sink->address();
    }
  }
  throw ConfigError(fmt::format("there is no open source or sink named '{}'", source_or_sink));
}

}  // namespace wallaroo::internal
