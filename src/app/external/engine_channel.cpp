#include "app/external/engine_channel.hpp"

#include <map>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "app/external/external_answers.hpp"
#include "record/key.hpp"
#include "record/stored/stored_json.hpp"
#include "state/loading.hpp"

namespace wallaroo::internal {

namespace {

bool keeps_state(StageKind kind) {
  return kind == StageKind::state_computation || kind == StageKind::window ||
         kind == StageKind::join;
}

ExternalView view_of(const ExternalChannelOptions& options, const std::string& application,
                     const Plan& plan) {
  ExternalView view{application, options.worker, {}, {}};
  for (const StageInfo& stage : plan.stages()) {
    if (keeps_state(stage.kind) || stage.kind == StageKind::computation) {
      view.stages.push_back({stage.name, keeps_state(stage.kind)});
    }
  }
  for (const Node& node : plan.nodes()) {
    if (node.source) {
      ExternalView::Source source{plan.stages()[node.stages.front()].name};
      const auto given = options.parallelism.find(source.name);
      source.parallelism = given == options.parallelism.end() ? 10 : given->second;
      view.sources.push_back(std::move(source));
    }
  }
  return view;
}

using KeyText = std::function<std::string(std::string_view bytes, std::string_view schema)>;
using Entities = std::map<std::string, std::vector<std::string>>;

Entities entities_of(const StateKeys& found, const KeyText& key_text) {
  Entities entities;
  for (const auto& [stage, keys] : found.stages) {
    std::vector<std::string>& texts = entities[stage];
    for (const std::string& key : keys.keys) {
      texts.push_back(key_text(key, keys.schema));
    }
  }
  return entities;
}

}  // namespace

std::string default_key_text(std::string_view bytes, std::string_view schema) {
  if (schema.empty()) {
    return std::string(bytes);
  }
  if (schema == schema_text<NoKey>()) {
    return {};
  }
  StoredReader in(bytes);
  const boost::json::value key = stored_json(Schema::parse(schema), in);
  return key.is_string() ? std::string(key.as_string()) : boost::json::serialize(key);
}

std::unique_ptr<ExternalChannel> make_external_channel(const ExternalChannelOptions& options,
                                                       const std::string& application,
                                                       const Plan& plan, EngineAccess access,
                                                       const Log& log) {
  if (options.address.empty()) {
    return nullptr;
  }
  ExternalHooks hooks;
  hooks.initialized = access.initialized;
  hooks.processing = access.processing;
  hooks.entities = [state_keys = access.state_keys, &log,
                    key_text = options.key_text ? options.key_text : KeyText(default_key_text)] {
    const StateKeys found = state_keys();
    if (!found.complete) {
      log.warning("external channel: an executor did not tell its keys in time");
    }
    return entities_of(found, key_text);
  };
  hooks.print = options.print ? options.print : [&log](const std::string& text) {
    log.info("external channel: {}", text);
  };
  hooks.shutdown = [&log, stop = access.stop, own = options.shutdown](const std::string& text) {
    log.info("external channel: the application is to stop{}{}", text.empty() ? "" : ": ", text);
    own ? own(text) : stop();
  };
  auto answers = std::make_shared<const ExternalAnswers>(view_of(options, application, plan),
                                                         std::move(hooks));
  return std::make_unique<ExternalChannel>(
      parse_host_port(options.address),
      [answers](const ExternalMessage& message) { return answers->answer(message); }, log);
}

}  // namespace wallaroo::internal
