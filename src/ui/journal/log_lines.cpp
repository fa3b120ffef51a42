#include "ui/journal/log_lines.hpp"

#include <fmt/format.h>

#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      return "off";
  }
  return "";
}

/// Lines hold messages of users, which may be as long as a record.
std::string shortened(std::string_view text) {
  return text.size() <= LogLines::most_text
             ? std::string(text)
             : fmt::format("{}... ({} bytes)", text.substr(0, LogLines::most_text), text.size());
}

}  // namespace

void LogLines::add(LogLevel level, std::string_view text, double time) {
  const std::lock_guard lock(mutex_);
  lines_.push_back({time, level, shortened(text)});
  ++newest_;
  if (lines_.size() > most_kept) {
    lines_.pop_front();
  }
}

std::string LogLines::render(std::string_view plan_id, std::string_view worker,
                             std::uint64_t since) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t oldest = newest_ - lines_.size() + 1;
  JsonText json = begin_document(plan_id);
  json.member("seq", newest_).member("first_seq", oldest).member("level", name_of(level_));
  json.key("lines").begin_array();
  const std::uint64_t after = since > newest_ ? 0 : since;
  for (std::size_t i = after < oldest ? 0 : after - oldest + 1; i < lines_.size(); ++i) {
    json.begin_object().member("seq", oldest + i).member("time", lines_[i].time);
    json.member("worker", worker).member("level", name_of(lines_[i].level));
    json.member("text", lines_[i].text).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace wallaroo::internal
