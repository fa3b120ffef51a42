// The paths of the UI, and what each of them answers.

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "ui/api/config.hpp"
#include "ui/api/doctor.hpp"
#include "ui/api/keys.hpp"
#include "ui/api/stage.hpp"
#include "ui/assets/ui_asset.hpp"
#include "ui/plan/plan_json.hpp"
#include "ui/ui.hpp"

namespace wallaroo::internal {

namespace {

constexpr const char* list_of_paths =
    "/api/v1/plan         the pipelines as a graph\n"
    "/api/v1/series       ten minutes of history, and what holds the application back\n"
    "/api/v1/stage?name=  one stage\n"
    "/api/v1/keys         how records spread over keys\n"
    "/api/v1/checkpoints  the last checkpoints\n"
    "/api/v1/errors       records that were refused\n"
    "/api/v1/log          the last lines of the log\n"
    "/api/v1/doctor       checks of what may be wrong\n"
    "/api/v1/config       settings and versions\n";

HttpResponse document(std::string text) {
  return {.content_type = "application/json", .body = std::move(text)};
}

/// Mistakes of a request are its sender's.
HttpHandler answering(HttpHandler make) {
  return [make = std::move(make)](const HttpRequest& request) {
    try {
      return make(request);
    } catch (const ConfigError& error) {
      return http_error(request.path, 400, error.what());
    }
  };
}

HttpResponse asset_page(const UiAsset& asset) {
  return {.content_type = std::string(asset.type),
          .body = std::string(asset.bytes),
          .compressed = std::string(asset.gzip),
          .etag = std::string(asset.etag)};
}

std::string unknown_stage_text(const std::string& name, const std::string& id) {
  if (name.empty() && id.empty()) {
    return "name a stage with the parameter 'name', or a node with 'id'";
  }
  return name.empty() ? fmt::format("there is no node {}; /api/v1/plan lists them", id)
                      : fmt::format("there is no stage '{}'; /api/v1/plan lists them", name);
}

bool wants_html(const HttpRequest& request) {
  return request.accept.find("text/html") != std::string::npos;
}

void add_assets(HttpRoutes& routes) {
  for (const UiAsset& asset : ui_assets()) {
    const std::string path(asset.path);
    if (path != "/") {
      routes[path] = {.handler = [asset](const HttpRequest&) { return asset_page(asset); },
                      .listed = false};
      continue;
    }
    routes[path].handler = [asset, list = routes[path].handler](const HttpRequest& request) {
      return wants_html(request) ? asset_page(asset) : list(request);
    };
  }
}

}  // namespace

void Ui::add_routes(HttpRoutes& routes) {
  const auto add = [&](const char* path, HttpHandler make) {
    routes[path] = {.handler = answering(std::move(make)), .slow = true};
  };
  add("/api/v1/plan", [this](const HttpRequest&) { return document(plan()); });
  add("/api/v1/series", [this](const HttpRequest& request) { return document(series(request)); });
  add("/api/v1/stage", [this](const HttpRequest& request) { return stage(request); });
  add("/api/v1/keys", [this](const HttpRequest& request) { return document(keys(request)); });
  add("/api/v1/checkpoints", [this](const HttpRequest&) { return document(checkpoint_list()); });
  add("/api/v1/errors", [this](const HttpRequest&) { return document(errors()); });
  add("/api/v1/log", [this](const HttpRequest& request) {
    const std::uint64_t since = number_parameter(request, "since", 0, UINT64_MAX);
    const std::lock_guard lock(mutex_);
    return document(log_.render(plan_id_, worker_, since));
  });
  add("/api/v1/doctor", [this](const HttpRequest&) { return document(doctor()); });
  add("/api/v1/config", [this](const HttpRequest&) { return document(config()); });
  routes["/"].handler = [list = routes["/"].handler](const HttpRequest& request) {
    HttpResponse response = list(request);
    response.body += list_of_paths;
    return response;
  };
  add_assets(routes);
}

std::string Ui::plan() const {
  const std::lock_guard lock(mutex_);
  const auto capacity = [this](std::size_t edge) {
    const auto& edges = history_.view().edges;
    for (std::size_t id = 0; id < edges.size() && id < history_.sample().edges.size(); ++id) {
      if (edges[id].edge == edge) {
        return static_cast<std::size_t>(history_.sample().edges[id].capacity);
      }
    }
    return std::size_t{0};
  };
  return render_plan(history_.view(), {.plan_id = plan_id_,
                                       .application = settings_.application,
                                       .version = settings_.version,
                                       .worker = worker_,
                                       .explain = explain_,
                                       .addresses = addresses_,
                                       .capacity = capacity});
}

std::string Ui::series(const HttpRequest& request) const {
  const std::lock_guard lock(mutex_);
  return render_series(history_, facts(), window_of(request, history_));
}

HttpResponse Ui::stage(const HttpRequest& request) const {
  const std::lock_guard lock(mutex_);
  const PlanView& view = history_.view();
  const std::string name = request.parameter("name");
  std::optional<std::size_t> node = view.find(name);
  if (name.empty()) {
    node = number_parameter(request, "id", view.nodes.size(), view.nodes.size());
  }
  if (!node || *node >= view.nodes.size()) {
    return http_error(request.path, 404, unknown_stage_text(name, request.parameter("id")));
  }
  return document(render_stage(history_, facts(), window_of(request, history_), *node));
}

std::string Ui::keys(const HttpRequest& request) const {
  const std::lock_guard lock(mutex_);
  return render_keys(history_.view(), run_ ? run_->keys : std::vector<SampledKeys>{},
                     {.plan_id = plan_id_,
                      .worker = worker_,
                      .show_keys = settings_.options.show_records,
                      .stage = request.parameter("stage")});
}

std::string Ui::checkpoint_list() const {
  const std::lock_guard lock(mutex_);
  const CheckpointSample& sample = history_.sample().checkpoints;
  return checkpoints_.render({.plan_id = plan_id_,
                              .worker = worker_,
                              .enabled = !settings_.checkpoint_directory.empty(),
                              .directory = settings_.checkpoint_directory,
                              .interval_seconds = settings_.checkpoint_interval_s,
                              .timeout_seconds = settings_.checkpoint_timeout_s,
                              .last_completed = sample.last_completed,
                              .completed = static_cast<std::uint64_t>(sample.completed),
                              .failed = static_cast<std::uint64_t>(sample.failed)});
}

std::string Ui::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_.render(plan_id_, worker_, [this](std::string_view stage) {
    const auto node = history_.view().find(stage);
    return node ? static_cast<int>(*node) : -1;
  });
}

std::string Ui::doctor() const {
  const std::lock_guard lock(mutex_);
  return render_doctor(history_, facts(), machine_limits());
}

std::string Ui::config() const {
  const std::lock_guard lock(mutex_);
  return render_config(history_.view(), {.plan_id = plan_id_,
                                         .application = settings_.application,
                                         .version = settings_.version,
                                         .worker = worker_,
                                         .explain = explain_,
                                         .started = history_.sample().process.started,
                                         .flags = settings_.options.flags,
                                         .addresses = addresses_});
}

}  // namespace wallaroo::internal
