#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/current_error.hpp"
#include "run/run_parts.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

/// The engine's own errors name the source or sink already; others come from copies that are made
/// of the user's functions.
template <class Make>
auto made(std::string_view kind, const std::string& name, Make&& make) {
  try {
    return make();
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw StageError(fmt::format("{} '{}' cannot be made: {}", kind, name, current_error()));
  }
}

}  // namespace

void Run::make_ends() {
  check_addresses();
  for (NodeId id = 0; id < static_cast<NodeId>(plan_->nodes().size()); ++id) {
    const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
    if (!node.source && !node.sink) {
      continue;
    }
    const std::string& name = plan_->stages()[static_cast<std::size_t>(node.stages.front())].name;
    if (node.source) {
      auto instance = std::make_unique<SourceInstance>();
      instance->name = name;
      instance->index = sources_.size();
      if (options_.substitutes.source) {
        instance->source = options_.substitutes.source(name, node);
      }
      if (instance->source == nullptr) {
        instance->source = made("source", name, [&] { return node.source(name); });
      }
      set_address(*instance);
      for (int executor = 0; executor < plan_->executors(); ++executor) {
        instance->metrics.push_back(std::make_unique<SourceMetrics>());
      }
      sources_.emplace(id, std::move(instance));
    } else {
      auto instance = std::make_unique<SinkInstance>();
      instance->name = name;
      instance->listener.index = sinks_.size();
      instance->sink = options_.substitutes.sink
                           ? options_.substitutes.sink(name)
                           : made("sink", name, [&] { return node.sink(name); });
      instance->sink->set_application(options_.application);
      if (const auto found = options_.addresses.find(name); found != options_.addresses.end()) {
        instance->sink->set_address(found->second);
      }
      sinks_.emplace(id, std::move(instance));
    }
  }
}

void Run::set_address(SourceInstance& instance) const {
  if (const auto found = options_.addresses.find(instance.name);
      found != options_.addresses.end()) {
    instance.source->set_address(found->second);
  }
  const auto paths = options_.paths.find(instance.name);
  if (paths != options_.paths.end() && !instance.source->set_paths(paths->second)) {
    throw ConfigError(fmt::format("source '{}' reads no files: it takes one address, not {}",
                                  instance.name, fmt::join(paths->second, " and ")));
  }
}

namespace {

template <class Saved>
const Saved* find_by_name(const std::vector<Saved>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Saved& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

void Run::open_sources() {
  for (const auto& [id, instance] : sources_) {
    instance->source->set_event_time(segment_of(id, 0).output.has_event_time());
    instance->source->open();
    const ManifestSource* const saved =
        options_.restored ? find_by_name(options_.restored->sources, instance->name) : nullptr;
    if (saved == nullptr) {
      continue;
    }
    instance->ended = saved->ended;
    if (saved->ended) {
      log_.info("source '{}': it had ended in checkpoint {}, and nothing more is read from it",
                instance->name, options_.restored->number);
    }
    std::vector<SourcePosition> positions;
    for (const ManifestPosition& position : saved->positions) {
      positions.push_back({position.partition, position.bytes});
    }
    if (!saved->ended) {
      with_failpoint(FailpointGroup("source"), "restore",
                     [&] { instance->source->restore(std::move(positions)); });
    }
  }
}

/// Only tells them: what does not fit is refused while nothing has been given up.
void Run::recover_sinks() {
  for (const auto& [id, instance] : sinks_) {
    if (options_.store == nullptr) {
      continue;
    }
    SinkRecovery recovery;
    const ManifestSink* const saved =
        options_.restored ? find_by_name(options_.restored->sinks, instance->name) : nullptr;
    if (saved != nullptr) {
      recovery = {options_.restored->number, saved->prepared};
    }
    instance->sink->recover(recovery);
  }
}

void Run::open_sinks() {
  for (const auto& [id, instance] : sinks_) {
    instance->sink->open();
  }
  warn_of_shared_receivers();
}

void Run::warn_of_shared_receivers() const {
  std::map<std::string, std::string> first_of;
  for (const auto& [id, instance] : sinks_) {
    const std::string place = instance->sink->place_at_receiver();
    if (place.empty()) {
      continue;
    }
    const auto [first, added] = first_of.try_emplace(place, instance->name);
    if (!added) {
      log_.warning(
          "sinks '{}' and '{}' both send to {}: a receiver that tells outputs apart by the "
          "worker, which is the instance in the HELLO, takes them for one and mixes them; give one "
          "of them another worker, or none; with checkpoints that takes an empty directory, as it "
          "begins another output",
          first->second, instance->name, place);
    }
  }
}

/// Before any sink is opened, which may empty a file.
void Run::check_files() const {
  FileUsers users;
  for (const auto& [id, instance] : sinks_) {
    users.add_writer(fmt::format("sink '{}'", instance->name), instance->sink->files());
  }
  for (const auto& [id, instance] : sources_) {
    users.add_reader(fmt::format("source '{}'", instance->name), instance->source->files());
  }
}

void Run::check_addresses() const {
  std::set<std::string> names;
  for (const Node& node : plan_->nodes()) {
    if (node.source || node.sink) {
      names.insert(plan_->stages()[static_cast<std::size_t>(node.stages.front())].name);
    }
  }
  const auto check = [&](const std::string& name, const std::string& address) {
    if (!names.contains(name)) {
      throw ConfigError(fmt::format(
          "cannot set the address of '{}' to {}: the application has no source or sink of that "
          "name (it has: {})",
          name, address, fmt::join(names, ", ")));
    }
  };
  for (const auto& [name, address] : options_.addresses) {
    check(name, address);
  }
  for (const auto& [name, paths] : options_.paths) {
    check(name, fmt::format("{}", fmt::join(paths, ", ")));
  }
}

std::vector<std::string> Run::listening_sources() const {
  std::vector<std::string> names;
  for (const auto& [id, source] : sources_) {
    if (source->source != nullptr && source->source->listens()) {
      names.push_back(source->name);
    }
  }
  return names;
}

std::string Run::address(const std::string& source_or_sink) const {
  const std::lock_guard lock(ends_mutex_);
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
