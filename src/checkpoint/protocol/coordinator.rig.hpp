// Shared by the tests of the coordinator: events, and decisions as text.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "checkpoint/protocol/coordinator.hpp"

namespace wallaroo::internal::coordinator_rig {

using Phase = Coordinator::Phase;

inline std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::idle:
      return "idle";
    case Phase::saving:
      return "saving";
    case Phase::making_durable:
      return "making durable";
    case Phase::preparing:
      return "preparing";
    case Phase::publishing:
      return "publishing";
    case Phase::committing:
      return "committing";
    case Phase::finished:
      return "finished";
    case Phase::rolling_back:
      return "rolling back";
    case Phase::failed:
      return "failed";
  }
  return "";
}

inline std::string text_of(const decide::Begin& d) {
  return fmt::format("Begin {}{}", d.n, d.last ? " last" : "");
}
inline std::string text_of(const decide::MakeDurable& d) {
  return fmt::format("MakeDurable {}", d.n);
}
inline std::string text_of(const decide::Prepare& d) { return fmt::format("Prepare {}", d.n); }
inline std::string text_of(const decide::Publish& d) {
  return fmt::format("Publish {} [{}]", d.n, fmt::join(d.votes, " "));
}
inline std::string text_of(const decide::Commit& d) { return fmt::format("Commit {}", d.n); }
inline std::string text_of(const decide::Acknowledge& d) {
  return fmt::format("Acknowledge {}", d.n);
}
inline std::string text_of(const decide::Waiting& d) { return fmt::format("Waiting {}", d.n); }
inline std::string text_of(const decide::Abandon& d) { return fmt::format("Abandon {}", d.n); }
inline std::string text_of(const decide::RollBack&) { return "RollBack"; }
inline std::string text_of(const decide::Fail&) { return "Fail"; }
inline std::string text_of(const decide::Finished&) { return "Finished"; }

inline std::string text_of(const Decisions& decisions) {
  std::vector<std::string> texts;
  for (const Decision& decision : decisions) {
    texts.push_back(std::visit([](const auto& d) { return text_of(d); }, decision));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

using Event = std::function<Decisions(Coordinator&)>;
using Named = std::pair<std::string, Event>;

inline Event time(std::int64_t now_ns) {
  return [=](Coordinator& c) { return c.on_time(now_ns); };
}
inline Event saved(std::size_t task, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_task_saved(task, n); };
}
inline Event durable(std::uint64_t n, std::int64_t now_ns = 120) {
  return [=](Coordinator& c) { return c.on_durable(n, now_ns); };
}
inline Event write_failed(std::uint64_t n, std::int64_t now_ns = 110) {
  return [=](Coordinator& c) { return c.on_write_failed(n, "disk full", now_ns); };
}
inline Event prepared(std::size_t sink, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_prepared(sink, n, std::to_string(sink) + "!"); };
}
inline Event published(std::uint64_t n, std::int64_t now_ns = 215) {
  return [=](Coordinator& c) { return c.on_published(n, now_ns); };
}
inline Event publish_failed(std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_publish_failed(n, "disk full"); };
}
inline Event committed(std::size_t sink, std::uint64_t n) {
  return [=](Coordinator& c) { return c.on_committed(sink, n); };
}
inline Decisions roll_back(Coordinator& c) { return c.on_roll_back("sink 'x' was disconnected"); }
inline Event stop(std::int64_t now_ns = 130) {
  return [=](Coordinator& c) { return c.on_stop(now_ns); };
}
inline Event all_ended(std::int64_t now_ns = 130) {
  return [=](Coordinator& c) { return c.on_all_ended(now_ns); };
}

/// Two tasks and two sinks. A checkpoint begins every 100 ns, a step of it may take 50 ns, and the
/// second attempt at a last checkpoint begins 40 ns after the first has failed.
inline CoordinatorConfig config() {
  CoordinatorConfig config;
  config.tasks = 2;
  config.sinks = 2;
  config.interval_ns = 100;
  config.timeout_ns = 50;
  config.last_delay_ns = 40;
  config.first_notice_ns = end_of_time;
  return config;
}

inline Decisions run(Coordinator& coordinator, const std::vector<Event>& events) {
  Decisions latest;
  for (const Event& event : events) {
    latest = event(coordinator);
  }
  return latest;
}

}  // namespace wallaroo::internal::coordinator_rig
