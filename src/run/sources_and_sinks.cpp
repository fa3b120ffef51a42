#include "run/sources_and_sinks.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "io/file_users.hpp"
#include "metrics/describe.hpp"
#include "run/with_failpoint.hpp"

namespace wallaroo::internal {

namespace {

/// An error of the engine names the source or sink already. Any other comes from a user's function
/// that was copied, and gets the name here.
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

template <class Saved>
const Saved* find_by_name(const std::vector<Saved>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Saved& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <class Ones>
std::vector<std::string> names_of(const Ones& ones) {
  std::vector<std::string> names;
  for (const auto& [id, one] : ones) {
    names.push_back(one->name);
  }
  return names;
}

}  // namespace

std::string RunSink::name_with_address() const {
  const std::string address = sink->address();
  return fmt::format("{}{}sink '{}'", address, address.empty() ? "" : " of ", name);
}

SourcesAndSinks::SourcesAndSinks(const RunContext& context) : context_(context) {}

std::vector<std::string> SourcesAndSinks::source_names() const { return names_of(sources_); }
std::vector<std::string> SourcesAndSinks::sink_names() const { return names_of(sinks_); }

void SourcesAndSinks::make() {
  check_addresses();
  for (const NodeId id : context_.plan.nodes().ids()) {
    const Node& node = context_.node(id);
    if (node.source) {
      make_source(id, context_.stage(node.stages.front()).name);
    } else if (node.sink) {
      make_sink(id, context_.stage(node.stages.front()).name);
    }
  }
}

void SourcesAndSinks::make_source(NodeId id, const std::string& name) {
  const Node& node = context_.node(id);
  auto made_source = std::make_unique<RunSource>();
  RunSource& source = *made_source;
  source.name = name;
  source.index = sources_.size();
  if (const auto& substitute = context_.options.substitutes.source) {
    source.source = substitute(name, node);
  }
  if (source.source == nullptr) {
    source.source = made("source", name, [&] { return node.source(name); });
  }
  set_address(source);
  for (int executor = 0; executor < context_.plan.executors(); ++executor) {
    source.metrics.push_back(std::make_unique<SourceMetrics>());
  }
  sources_.emplace(id, std::move(made_source));
}

void SourcesAndSinks::make_sink(NodeId id, const std::string& name) {
  const Node& node = context_.node(id);
  auto made_sink = std::make_unique<RunSink>();
  RunSink& sink = *made_sink;
  sink.name = name;
  sink.listener.index = sinks_.size();
  const auto& substitute = context_.options.substitutes.sink;
  sink.sink = substitute ? substitute(name) : made("sink", name, [&] { return node.sink(name); });
  sink.sink->set_application(context_.options.application);
  const auto& addresses = context_.options.addresses;
  if (const auto found = addresses.find(name); found != addresses.end()) {
    sink.sink->set_address(found->second);
  }
  sinks_.emplace(id, std::move(made_sink));
}

void SourcesAndSinks::set_address(RunSource& source) const {
  const RunOptions& options = context_.options;
  if (const auto found = options.addresses.find(source.name); found != options.addresses.end()) {
    source.source->set_address(found->second);
  }
  const auto paths = options.paths.find(source.name);
  if (paths != options.paths.end() && !source.source->set_paths(paths->second)) {
    throw ConfigError(fmt::format("source '{}' reads no files: it takes one address, not {}",
                                  source.name, fmt::join(paths->second, " and ")));
  }
}

void SourcesAndSinks::check_addresses() const {
  std::set<std::string> names;
  for (const Node& node : context_.plan.nodes()) {
    if (node.source || node.sink) {
      names.insert(context_.stage(node.stages.front()).name);
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
  for (const auto& [name, address] : context_.options.addresses) {
    check(name, address);
  }
  for (const auto& [name, paths] : context_.options.paths) {
    check(name, fmt::format("{}", fmt::join(paths, ", ")));
  }
}

void SourcesAndSinks::open_sources() {
  for (const auto& [id, source] : sources_) {
    source->source->open();
    if (context_.options.restored) {
      restore(*source);
    }
  }
}

void SourcesAndSinks::restore(RunSource& source) const {
  const Manifest& restored = *context_.options.restored;
  const ManifestSource* const saved = find_by_name(restored.sources, source.name);
  if (saved == nullptr) {
    return;
  }
  source.ended = saved->ended;
  if (saved->ended) {
    context_.log.info(
        "source '{}': it had ended in checkpoint {}, and nothing more is read from it", source.name,
        restored.number);
    return;
  }
  std::vector<SourcePosition> positions;
  for (const ManifestPosition& position : saved->positions) {
    positions.push_back({position.partition, position.bytes});
  }
  with_failpoint(FailpointGroup("source"), "restore",
                 [&] { source.source->restore(std::move(positions)); });
}

void SourcesAndSinks::check_files() const {
  FileUsers users;
  for (const auto& [id, sink] : sinks_) {
    users.add_writer(fmt::format("sink '{}'", sink->name), sink->sink->files());
  }
  for (const auto& [id, source] : sources_) {
    users.add_reader(fmt::format("source '{}'", source->name), source->source->files());
  }
}

void SourcesAndSinks::recover_sinks() {
  if (context_.options.store == nullptr) {
    return;
  }
  const auto& restored = context_.options.restored;
  for (const auto& [id, sink] : sinks_) {
    SinkRecovery recovery;
    const ManifestSink* const saved =
        restored ? find_by_name(restored->sinks, sink->name) : nullptr;
    if (saved != nullptr) {
      recovery = {restored->number, saved->prepared};
    }
    sink->sink->recover(recovery);
  }
}

void SourcesAndSinks::open_sinks() {
  for (const auto& [id, sink] : sinks_) {
    sink->sink->open();
  }
  warn_of_shared_receivers();
}

void SourcesAndSinks::warn_of_shared_receivers() const {
  std::map<std::string, std::string> first_of;
  for (const auto& [id, sink] : sinks_) {
    const std::string place = sink->sink->place_at_receiver();
    if (place.empty()) {
      continue;
    }
    const auto [first, added] = first_of.try_emplace(place, sink->name);
    if (!added) {
      context_.log.warning(
          "sinks '{}' and '{}' both send to {}: a receiver that tells outputs apart by the "
          "worker, which is the instance in the HELLO, takes them for one and mixes them; give one "
          "of them another worker, or none; with checkpoints that takes an empty directory, as it "
          "begins another output",
          first->second, sink->name, place);
    }
  }
}

void SourcesAndSinks::close() {
  const std::lock_guard lock(open_mutex_);
  for (const auto& [id, source] : sources_) {
    source->source.reset();
  }
  for (const auto& [id, sink] : sinks_) {
    sink->sink.reset();
  }
}

std::vector<std::string> SourcesAndSinks::listening_sources() const {
  std::vector<std::string> names;
  for (const auto& [id, source] : sources_) {
    if (source->source != nullptr && source->source->listens()) {
      names.push_back(source->name);
    }
  }
  return names;
}

std::string SourcesAndSinks::address(const std::string& source_or_sink) const {
  const std::lock_guard lock(open_mutex_);
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

std::vector<const Presence*> SourcesAndSinks::presences() const {
  std::vector<const Presence*> presences;
  for (const auto& [id, sink] : sinks_) {
    presences.push_back(&sink->metrics.connected);
  }
  return presences;
}

void SourcesAndSinks::register_metrics(Registry& registry, const std::string& worker) const {
  const auto first_stage = [&](NodeId id) { return context_.node(id).stages.front(); };
  const auto pipeline_of = [&](NodeId id) { return context_.stage(first_stage(id)).pipeline; };
  // People read them in the order in which the application names its stages.
  const auto by_stage = [&](const auto& ones) {
    std::vector<NodeId> ids;
    for (const auto& [id, one] : ones) {
      ids.push_back(id);
    }
    std::stable_sort(ids.begin(), ids.end(),
                     [&](NodeId a, NodeId b) { return first_stage(a) < first_stage(b); });
    return ids;
  };
  for (const NodeId id : by_stage(sources_)) {
    const RunSource& from = source(id);
    for (const int executor : context_.place.executors()) {
      register_source(registry, {pipeline_of(id), from.name, worker, executor},
                      *from.metrics[static_cast<std::size_t>(executor)]);
    }
  }
  for (const NodeId id : by_stage(sinks_)) {
    const RunSink& to = sink(id);
    register_sink(registry,
                  {pipeline_of(id), to.name, worker, context_.plan.placement(id).executor},
                  to.metrics);
  }
}

void SourcesAndSinks::add_totals(RunTotals& totals) const {
  for (const auto& [id, source] : sources_) {
    RunTotals::Source sum{.name = source->name};
    for (const auto& metrics : source->metrics) {
      sum.records += metrics->records.value();
      sum.bytes += metrics->bytes.value();
      sum.bad_records += metrics->bad_records.value();
      sum.framing_errors += metrics->framing_errors.value();
    }
    totals.sources.push_back(std::move(sum));
  }
  for (const auto& [id, sink] : sinks_) {
    totals.sinks.push_back({.name = sink->name,
                            .records = sink->metrics.records.value(),
                            .bytes = sink->metrics.bytes.value(),
                            .lost = sink->metrics.records_lost.value()});
  }
}

std::optional<std::string> SourcesAndSinks::undelivered() const {
  std::uint64_t lost = 0;
  std::string where;
  for (const auto& [id, sink] : sinks_) {
    if (const std::uint64_t records = sink->metrics.records_lost.value(); records != 0) {
      lost += records;
      where += fmt::format("{}'{}'", where.empty() ? "" : ", ", sink->name);
    }
  }
  if (lost == 0) {
    return std::nullopt;
  }
  return fmt::format(
      "{} records were not delivered by sink {}: its peer took "
      "nothing while the application was stopping",
      lost, where);
}

}  // namespace wallaroo::internal
