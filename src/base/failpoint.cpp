#include "base/failpoint.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoints/failpoint_rules.hpp"

namespace wallaroo::internal {

namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool listed(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The failpoints of a process and how often each was hit.
class Failpoints {
 public:
  explicit Failpoints(const ScopedFailpoints::Settings& settings)
      : rules_(parse_failpoint_rules(settings.rules)),
        mutation_(settings.mutation),
        counts_(failpoint_names().size()) {
    if (!mutation_.empty() && !listed(mutation_names(), mutation_)) {
      throw ConfigError(fmt::format(
          "there is no mutation '{}' (the variable WALLAROO_MUTATION); choose one of {}", mutation_,
          fmt::join(mutation_names(), ", ")));
    }
    if (!settings.log.empty()) {
      open_log(std::string(settings.log));
    }
  }
  Failpoints(const Failpoints&) = delete;
  Failpoints& operator=(const Failpoints&) = delete;
  ~Failpoints() {
    if (log_ >= 0) {
      ::close(log_);
    }
  }

  int hit(std::string_view name) {
    const auto& names = failpoint_names();
    const auto found = std::lower_bound(names.begin(), names.end(), name);
    if (found == names.end() || *found != name) {
      throw std::logic_error(
          fmt::format("failpoint '{}' is not listed in base/failpoint_names.cpp", name));
    }
    auto& counter = counts_[static_cast<std::size_t>(found - names.begin())];
    const std::uint64_t count = counter.fetch_add(1, std::memory_order_relaxed) + 1;
    log(name, count);
    return act(name, count);
  }

  bool has_mutation(std::string_view name) const {
    if (!listed(mutation_names(), name)) {
      throw std::logic_error(
          fmt::format("mutation '{}' is not listed in base/failpoint_names.cpp", name));
    }
    return mutation_ == name;
  }

 private:
  void open_log(const std::string& path) {
    log_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log_ < 0) {
      throw ConfigError(fmt::format(
          "cannot open '{}' (the variable WALLAROO_FAILPOINT_LOG); name a file in a directory that "
          "exists and can be written",
          path));
    }
  }

  /// Uses a single write, so that the lines of several processes do not mix.
  void log(std::string_view name, std::uint64_t count) const {
    if (log_ >= 0) {
      const std::string line = fmt::format("{} {}\n", name, count);
      if (::write(log_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw IoError("cannot write to the file of WALLAROO_FAILPOINT_LOG; free some space");
      }
    }
  }

  int act(std::string_view name, std::uint64_t count) const {
    for (const FailpointRule& rule : rules_) {
      if (rule.name != name || !rule.applies(count)) {
        continue;
      }
      if (rule.action == FailpointRule::Action::error) {
        return rule.error;
      }
      if (rule.action == FailpointRule::Action::kill) {
        ::kill(::getpid(), SIGKILL);
      }
      std::this_thread::sleep_for(rule.delay);
    }
    return 0;
  }

  std::vector<FailpointRule> rules_;
  std::string mutation_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  int log_ = -1;
};

/// The failpoints of a test, which replace those of the environment; null when there are none.
std::atomic<Failpoints*>& replaced() {
  static std::atomic<Failpoints*> failpoints = nullptr;
  return failpoints;
}

Failpoints& current() {
  if (Failpoints* const failpoints = replaced().load(std::memory_order_acquire)) {
    return *failpoints;
  }
  static Failpoints of_environment({.rules = variable("WALLAROO_FAILPOINTS"),
                                    .mutation = variable("WALLAROO_MUTATION"),
                                    .log = variable("WALLAROO_FAILPOINT_LOG")});
  return of_environment;
}

}  // namespace

int hit_failpoint(std::string_view name) { return current().hit(name); }

bool mutation_selected(std::string_view name) { return current().has_mutation(name); }

int FailpointGroup::hit(std::string_view step, std::string_view moment) const {
  return failpoint(fmt::format("{}.{}{}", group_, step, moment));
}

class ScopedFailpoints::Impl {
 public:
  explicit Impl(const Settings& settings)
      : failpoints_(settings), before_(replaced().exchange(&failpoints_)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { replaced().store(before_); }

 private:
  Failpoints failpoints_;
  Failpoints* before_;
};

ScopedFailpoints::ScopedFailpoints(const Settings& settings)
    : impl_(std::make_unique<Impl>(settings)) {}

ScopedFailpoints::~ScopedFailpoints() = default;

}  // namespace wallaroo::internal
