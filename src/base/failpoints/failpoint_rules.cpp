#include "base/failpoints/failpoint_rules.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 11> errors{{{"ENOSPC", ENOSPC},
                                                                   {"EIO", EIO},
                                                                   {"EDQUOT", EDQUOT},
                                                                   {"EACCES", EACCES},
                                                                   {"EROFS", EROFS},
                                                                   {"EMFILE", EMFILE},
                                                                   {"ENOENT", ENOENT},
                                                                   {"EINTR", EINTR},
                                                                   {"ECONNRESET", ECONNRESET},
                                                                   {"EPIPE", EPIPE},
                                                                   {"ETIMEDOUT", ETIMEDOUT}}};

[[noreturn]] void refuse(std::string_view rule, std::string_view why) {
  throw ConfigError(fmt::format(
      "failpoint rule '{}': {}; write NAME=kill, NAME=error:ENOSPC or NAME=delay:50ms, followed by "
      "@3, @3-, @3-5 or %10 to choose hits (the variable WALLAROO_FAILPOINTS)",
      rule, why));
}

/// Takes digits from the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

void read_delay(std::string_view text, std::string_view rule, FailpointRule& out) {
  const auto number = take_number(text);
  constexpr std::uint64_t an_hour_in_us = 3'600'000'000;
  const std::uint64_t unit_us = text == "us"   ? 1
                                : text == "ms" ? 1'000
                                : text == "s"  ? 1'000'000
                                               : 0;
  if (!number || unit_us == 0 || *number > an_hour_in_us / unit_us) {
    refuse(rule, "a delay is a whole number of us, ms or s, at most an hour");
  }
  out.action = FailpointRule::Action::delay;
  out.delay = std::chrono::microseconds(*number * unit_us);
}

void read_error(std::string_view name, std::string_view rule, FailpointRule& out) {
  const auto* found = std::find_if(errors.begin(), errors.end(),
                                   [&](const auto& error) { return error.first == name; });
  if (found == errors.end()) {
    refuse(rule, fmt::format("'{}' is not one of the errors that can be simulated", name));
  }
  out.action = FailpointRule::Action::error;
  out.error = found->second;
}

void read_action(std::string_view text, std::string_view rule, FailpointRule& out) {
  if (text == "kill") {
    out.action = FailpointRule::Action::kill;
  } else if (text.starts_with("error:")) {
    read_error(text.substr(6), rule, out);
  } else if (text.starts_with("delay:")) {
    read_delay(text.substr(6), rule, out);
  } else {
    refuse(rule, fmt::format("'{}' is not an action", text));
  }
}

void read_hits(std::string_view text, std::string_view rule, FailpointRule& out) {
  const auto first = take_number(text);
  out.first = first.value_or(0);
  if (text.empty()) {
    out.last = out.first;
  } else if (text != "-") {
    const bool range = text.front() == '-';
    text.remove_prefix(1);
    const auto last = take_number(text);
    out.last = range && text.empty() ? last.value_or(0) : 0;
  }
  if (out.first == 0 || out.last < out.first) {
    refuse(rule, "after @ write 3, 3- or 3-5; hits are counted from 1");
  }
}

void read_every(std::string_view text, std::string_view rule, FailpointRule& out) {
  const auto every = take_number(text);
  if (every.value_or(0) == 0 || !text.empty()) {
    refuse(rule, "after % write a whole number above 0");
  }
  out.every = *every;
}

FailpointRule parse_rule(std::string_view text) {
  FailpointRule rule;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    refuse(text, "there is no '='");
  }
  rule.name = text.substr(0, equals);
  const auto& names = failpoint_names();
  if (std::find(names.begin(), names.end(), rule.name) == names.end()) {
    refuse(text, fmt::format("there is no failpoint '{}'", rule.name));
  }
  const std::string_view rest = text.substr(equals + 1);
  const std::size_t hits = rest.find_first_of("@%");
  read_action(rest.substr(0, hits), text, rule);
  if (hits != std::string_view::npos) {
    (rest[hits] == '@' ? read_hits : read_every)(rest.substr(hits + 1), text, rule);
  }
  return rule;
}

}  // namespace

std::vector<FailpointRule> parse_failpoint_rules(std::string_view text) {
  std::vector<FailpointRule> rules;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    if (end > 0) {
      rules.push_back(parse_rule(text.substr(0, end)));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return rules;
}

}  // namespace wallaroo::internal
