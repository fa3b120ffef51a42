#include "ui/api/stage.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "ui/history/percentiles.hpp"

namespace wallaroo::internal {

namespace {

class Writer {
 public:
  Writer(const History& history, const RunFacts& facts, const Window& window, std::size_t node)
      : history_(history),
        view_(history.view()),
        facts_(facts),
        window_(window),
        id_(node),
        node_(view_.nodes[node]),
        json_(begin_document(facts.plan_id)) {}

  std::string write() {
    json_.member("id", id_).member("name", node_.name).member("kind", node_.kind);
    json_.member("pipeline", node_.pipeline).member("segment", history_.working_segment(id_));
    json_.key("segment_stages").begin_array();
    for (const std::string& name : view_.stages_of(history_.working_segment(id_))) {
      json_.value(name);
    }
    json_.end_array().member("on_error", node_.on_error);
    write_window(json_, history_, window_);
    write_bounds(json_);
    write_past();
    write_rows();
    write_neighbours();
    return json_.end_object().take();
  }

 private:
  void write_past() {
    const NodeHistory& past = history_.node(id_);
    json_.key("bins").begin_array();
    for (std::uint64_t n = window_.first; n <= window_.last; ++n) {
      write_bins(json_, past.calls.at(n));
    }
    json_.end_array().key("latency");
    constexpr std::uint64_t a_minute = 60;
    internal::write(json_, percentiles(sum_of(history_, past.calls, a_minute)));
    json_.key("in");
    internal::write(json_, rate_figures(points_of(history_, past.in, window_.length)));
    json_.key("out");
    internal::write(json_, rate_figures(points_of(history_, past.out, window_.length)));
  }

  void write_rows() {
    std::uint64_t errors = 0;
    const auto& all = history_.sample().stages;
    json_.key("executors").begin_array();
    for (std::size_t i = 0; id_ < all.size() && i < all[id_].size(); ++i) {
      if (all[id_][i].present) {
        write_row(all[id_][i], i);
        errors += static_cast<std::uint64_t>(all[id_][i].errors);
      }
    }
    json_.end_array().member("errors", errors);
  }

  void write_row(const StageSample& stage, std::size_t executor) {
    const RecentStage& recent = history_.recent(id_, executor);
    const RecentSegment& segment = history_.recent_segment(history_.working_segment(id_), executor);
    json_.begin_object().member("worker", facts_.worker).member("executor", executor);
    number("in", recent.in);
    number("out", recent.out);
    whole("in_total", stage.in);
    whole("out_total", stage.out);
    whole("errors", stage.errors);
    number("busy", std::min(1.0, recent.busy));
    number("segment_busy", std::min(1.0, segment.busy));
    number("segment_blocked", std::min(1.0, segment.blocked));
    json_.key("latency");
    internal::write(json_, percentiles(stage.calls.in_bin));
    json_.member("watermark", stage.watermark);
    number("lag_seconds", history_.sample().time - stage.watermark);
    write_of_kind(stage);
    json_.end_object();
  }

  void write_of_kind(const StageSample& stage) {
    if (node_.kind == "window" || node_.kind == "join" || node_.kind == "state") {
      whole("late", stage.late);
      whole("dropped", stage.dropped);
      whole("expired_keys", stage.expired_keys);
    }
    if (node_.kind == "window") {
      whole("windows_open", stage.windows_open);
      whole("windows_fired", stage.windows_fired);
      whole("windows_early", stage.windows_early);
    }
    if (node_.kind == "join") {
      whole("join_pairs", stage.join_pairs);
      whole("join_unpaired", stage.join_unpaired);
      whole("join_buffered", stage.join_buffered);
    }
    if (node_.kind == "key_by") {
      number("hottest_group", stage.hottest_group);
    }
  }

  void write_neighbours() {
    const auto list = [&](std::string_view name, auto&& takes, auto&& gives) {
      json_.key(name).begin_array();
      for (std::size_t edge = 0; edge < view_.edges.size(); ++edge) {
        if (takes(view_.edges[edge])) {
          json_.value(gives(edge));
        }
      }
      json_.end_array();
    };
    const auto into = [this](const ViewEdge& edge) { return edge.to == id_; };
    const auto out_of = [this](const ViewEdge& edge) { return edge.from == id_; };
    list("edges_in", into, [](std::size_t edge) { return edge; });
    list("edges_out", out_of, [](std::size_t edge) { return edge; });
    list("previous", into, [this](std::size_t edge) { return view_.edges[edge].from; });
    list("next", out_of, [this](std::size_t edge) { return view_.edges[edge].to; });
  }

  void number(std::string_view name, double value) {
    json_.member(name, static_cast<float>(value));
  }
  void whole(std::string_view name, double value) {
    json_.member(name, static_cast<std::int64_t>(value));
  }

  const History& history_;
  const PlanView& view_;
  const RunFacts& facts_;
  const Window& window_;
  const std::size_t id_;
  const ViewNode& node_;
  JsonText json_;
};

}  // namespace

std::string render_stage(const History& history, const RunFacts& facts, const Window& window,
                         std::size_t node) {
  return Writer(history, facts, window, node).write();
}

}  // namespace wallaroo::internal
