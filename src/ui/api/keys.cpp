#include "ui/api/keys.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

namespace {

/// The samples of one key_by, of all executors.
struct Keyed {
  std::array<double, key_group_count> groups{};
  double total = 0;
  std::map<std::uint64_t, HotKeys::Entry> keys;
  double keys_total = 0;
};

Keyed sum_up(const std::vector<SampledKeys>& samples, std::size_t stage) {
  Keyed keyed;
  for (const SampledKeys& sample : samples) {
    if (sample.stage.index() != stage) {
      continue;
    }
    for (std::size_t group = 0; group < key_group_count; ++group) {
      const double count = sample.sample->groups.count(group);
      keyed.groups[group] += count;
      keyed.total += count;
    }
    if (sample.sample->hottest != nullptr) {
      const HotKeys::Found found = sample.sample->hottest->find();
      keyed.keys_total += found.total;
      for (const HotKeys::Entry& entry : found.entries) {
        HotKeys::Entry& sum = keyed.keys[entry.hash];
        sum.key = entry.key;
        sum.hash = entry.hash;
        sum.count += entry.count;
        sum.error += entry.error;
      }
    }
  }
  return keyed;
}

std::vector<HotKeys::Entry> hottest_of(const Keyed& keyed) {
  std::vector<HotKeys::Entry> entries;
  for (const auto& [hash, entry] : keyed.keys) {
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const HotKeys::Entry& a, const HotKeys::Entry& b) { return a.count > b.count; });
  entries.resize(std::min(entries.size(), HotKeys::most_kept));
  return entries;
}

/// Texts are described with quotes, which a table does not need.
std::string_view without_quotes(std::string_view text) {
  return text.size() > 1 && text.front() == '"' && text.back() == '"'
             ? text.substr(1, text.size() - 2)
             : text;
}

float share(double part, double total) {
  return total > 0 ? static_cast<float>(part / total) : 0.0F;
}

int owner(std::size_t group, const PlanView& view) {
  return even_owner(group, static_cast<std::size_t>(view.executors), key_group_count);
}

void write_executors(JsonText& json, const Keyed& keyed, const PlanView& view,
                     const KeysFacts& facts) {
  std::vector<double> counts(static_cast<std::size_t>(view.executors));
  std::vector<int> groups(counts.size());
  for (std::size_t group = 0; group < key_group_count; ++group) {
    const auto executor = static_cast<std::size_t>(owner(group, view));
    counts[executor] += keyed.groups[group];
    ++groups[executor];
  }
  json.key("executors").begin_array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    json.begin_object().member("worker", facts.worker).member("executor", i);
    json.member("share", share(counts[i], keyed.total)).member("groups", groups[i]).end_object();
  }
  json.end_array();
}

void write_hottest(JsonText& json, const Keyed& keyed, const PlanView& view,
                   const KeysFacts& facts) {
  json.key("hottest").begin_array();
  for (const HotKeys::Entry& entry : hottest_of(keyed)) {
    const std::size_t group = key_group(entry.hash);
    json.begin_object();
    if (facts.show_keys) {
      json.member("key", without_quotes(entry.key));
    }
    json.member("share", share(entry.count, keyed.keys_total));
    json.member("error", share(entry.error, keyed.keys_total));
    json.member("group", group).member("executor", owner(group, view)).end_object();
  }
  json.end_array();
}

/// The key_by that gives a stage its keys, or the stage itself.
std::optional<std::size_t> key_by_of(const PlanView& view, std::string_view name) {
  const auto node = view.find(name);
  if (!node || view.nodes[*node].kind == "key_by") {
    return node;
  }
  for (const ViewEdge& edge : view.edges) {
    const bool into = view.nodes[edge.to].segment == view.nodes[*node].segment;
    if (into && view.nodes[edge.from].kind == "key_by") {
      return edge.from;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string render_keys(const PlanView& view, const std::vector<SampledKeys>& samples,
                        const KeysFacts& facts) {
  const auto wanted = facts.stage.empty() ? std::nullopt : key_by_of(view, facts.stage);
  if (!facts.stage.empty() && !wanted) {
    throw ConfigError(
        fmt::format("no stage '{}' has keys; leave out the parameter 'stage' to see "
                    "those that do",
                    facts.stage));
  }
  JsonText json = begin_document(facts.plan_id);
  json.key("stages").begin_array();
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    if (view.nodes[id].kind != "key_by" || (wanted && *wanted != id)) {
      continue;
    }
    const Keyed keyed = sum_up(samples, id);
    json.begin_object().member("stage", view.nodes[id].name).member("node", id);
    json.member("samples", static_cast<std::uint64_t>(keyed.total));
    json.key("groups").begin_array();
    for (const double count : keyed.groups) {
      json.value(share(count, keyed.total));
    }
    json.end_array().key("owners").begin_array();
    for (std::size_t group = 0; group < key_group_count; ++group) {
      json.value(owner(group, view));
    }
    json.end_array();
    write_executors(json, keyed, view, facts);
    write_hottest(json, keyed, view, facts);
    json.end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace wallaroo::internal
