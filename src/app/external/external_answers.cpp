#include "app/external/external_answers.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/short_bytes.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

namespace {

namespace json = boost::json;

__extension__ using Wide = unsigned __int128;

std::string decimal(Wide number) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

/// An id of the thing that this text names.
std::string id_of(std::string_view name) {
  const std::uint64_t high = hash_bytes(fmt::format("external id, high half: {}", name));
  const std::uint64_t low = hash_bytes(fmt::format("external id, low half: {}", name));
  return decimal(Wide{high} << 64 | low);
}

/// Lengths before texts, so that different texts never give the same name.
std::string name_on_worker(const ExternalView& view, std::string_view kind, std::string_view name) {
  return fmt::format("{} {}:{} {}:{} {}:{}", kind, view.application.size(), view.application,
                     view.worker.size(), view.worker, name.size(), name);
}

enum class Detail { ids, counts };

json::object partitions(const ExternalView& view, bool with_state, Detail detail) {
  json::object groups;
  for (const ExternalView::Stage& stage : view.stages) {
    if (stage.keeps_state != with_state) {
      continue;
    }
    const auto ids = external_step_ids(view, stage.name);
    json::value of_worker = ids.size();
    if (detail == Detail::ids) {
      of_worker = json::array(ids.begin(), ids.end());
    }
    groups[stage.name] = json::object{{view.worker, std::move(of_worker)}};
  }
  return groups;
}

json::object all_partitions(const ExternalView& view, Detail detail) {
  return {{"state_partitions", partitions(view, true, detail)},
          {"stateless_partitions", partitions(view, false, detail)}};
}

json::object cluster_status(const ExternalView& view, bool processing) {
  return {{"processing_messages", processing},
          {"worker_names", json::array{view.worker}},
          {"worker_count", 1}};
}

json::object source_ids(const ExternalView& view) {
  const auto ids = external_source_ids(view);
  return {{"source_ids", json::array(ids.begin(), ids.end())}};
}

json::object entities(const ExternalView& view, const ExternalHooks& hooks, Detail detail) {
  json::object groups;
  auto found = hooks.entities();
  for (const ExternalView::Stage& stage : view.stages) {
    if (stage.keeps_state) {
      const std::vector<std::string>& keys = found[stage.name];
      groups[stage.name] = detail == Detail::ids
                               ? json::value(json::array(keys.begin(), keys.end()))
                               : json::value(keys.size());
    }
  }
  return groups;
}

ExternalMessage with(ExternalId id, const json::object& body) {
  return {id, json::serialize(body)};
}

struct ShrinkRequest {
  bool query = false;
  bool names_workers = false;
};

std::optional<ShrinkRequest> parse_shrink_request(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  const json::object& object = value.as_object();
  const json::value* const query = object.if_contains("query");
  const json::value* const names = object.if_contains("node_names");
  const json::value* const count = object.if_contains("node_count");
  if (query == nullptr || !query->is_bool() || names == nullptr || !names->is_array() ||
      count == nullptr || !count->is_number()) {
    return std::nullopt;
  }
  return ShrinkRequest{query->as_bool(), !names->as_array().empty()};
}

/// The only worker is the initializer, which no cluster can do without.
ExternalMessage shrink(std::string_view body) {
  const auto request = parse_shrink_request(body);
  if (!request) {
    return {ExternalId::shrink_response, "Invalid shrink request!"};
  }
  if (request->query) {
    return with(ExternalId::shrink_query_response,
                {{"node_names", json::array()}, {"node_count", 0}});
  }
  return {ExternalId::shrink_response,
          request->names_workers ? "Invalid shrink targets!" : "Cannot shrink 0 workers!"};
}

}  // namespace

std::array<std::string, external_steps> external_step_ids(const ExternalView& view,
                                                          std::string_view stage) {
  const std::string name = name_on_worker(view, "step", stage);
  std::array<std::string, external_steps> ids;
  for (std::size_t step = 0; step < external_steps; ++step) {
    const std::size_t first = step * key_group_count / external_steps;
    const std::size_t end = (step + 1) * key_group_count / external_steps;
    ids[step] = id_of(fmt::format("{} groups {} to {}", name, first, end - 1));
  }
  return ids;
}

std::vector<std::string> external_source_ids(const ExternalView& view) {
  std::vector<std::string> ids;
  for (const ExternalView::Source& source : view.sources) {
    const std::string name = name_on_worker(view, "source", source.name);
    for (int i = 0; i < source.parallelism; ++i) {
      ids.push_back(id_of(fmt::format("{} number {}", name, i)));
    }
  }
  return ids;
}

std::optional<ExternalMessage> ExternalAnswers::answer(const ExternalMessage& message) const {
  using Id = ExternalId;
  switch (message.id) {
    case Id::shrink_request:
      return shrink(message.body);
    case Id::partition_query:
      return with(Id::partition_response, all_partitions(view_, Detail::ids));
    case Id::partition_count_query:
      return with(Id::partition_count_response, all_partitions(view_, Detail::counts));
    case Id::cluster_status_query:
      return hooks_.initialized()
                 ? with(Id::cluster_status_response, cluster_status(view_, hooks_.processing()))
                 : ExternalMessage{Id::cluster_not_initialized, {}};
    case Id::source_ids_query:
      return with(Id::source_ids_response, source_ids(view_));
    case Id::state_entity_query:
      return with(Id::state_entity_response, entities(view_, hooks_, Detail::ids));
    case Id::state_entity_count_query:
      return with(Id::state_entity_count_response, entities(view_, hooks_, Detail::counts));
    case Id::stateless_partition_query:
      return with(Id::stateless_partition_response, partitions(view_, false, Detail::ids));
    case Id::stateless_partition_count_query:
      return with(Id::stateless_partition_count_response, partitions(view_, false, Detail::counts));
    case Id::cluster_state_entity_count_query:
      return with(Id::cluster_state_entity_count_response,
                  {{view_.worker, entities(view_, hooks_, Detail::counts)}});
    default:
      act(message);
      return std::nullopt;
  }
}

void ExternalAnswers::act(const ExternalMessage& message) const {
  switch (message.id) {
    case ExternalId::print:
      hooks_.print(message.body);
      return;
    case ExternalId::rotate_log:
      hooks_.print(
          fmt::format("worker '{}' has no log to rotate: old checkpoints are removed "
                      "without being asked for",
                      view_.worker));
      return;
    case ExternalId::report_status:
      hooks_.print(message.body == "boundary-count-status"
                       ? fmt::format("worker '{}' has 0 boundaries to other workers", view_.worker)
                       : fmt::format("there is no status '{}'", message.body));
      return;
    case ExternalId::clean_shutdown:
      hooks_.shutdown(message.body);
      return;
    default:
      return;
  }
}

}  // namespace wallaroo::internal
