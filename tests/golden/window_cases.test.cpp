// Every file of tests/golden/cases, through the whole engine. The guide shows many of them.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

#include "window_case.hpp"
#include "window_options.hpp"

namespace golden {
namespace {

using wallaroo::EventTime;

struct Deposit {
  std::string user;
  std::int64_t at_ns;
  std::int64_t amount;
};

struct Deposits {
  std::string user;
  std::vector<std::int64_t> amounts;
  wallaroo::Window window;
};

/// An aggregation that keeps its records, so that their order shows: combine is not commutative.
struct Listing {
  using Amounts = std::vector<std::int64_t>;
  static constexpr bool pre_aggregate = true;

  Amounts initial_accumulator() const { return {}; }
  void update(const Deposit& deposit, Amounts& amounts) const { amounts.push_back(deposit.amount); }
  Amounts combine(const Amounts& a, const Amounts& b) const {
    Amounts both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
  }
  Deposits output(const std::string& user, const Amounts& amounts,
                  const wallaroo::Window& window) const {
    return {user, amounts, window};
  }
  Deposits output(const Amounts& amounts, const wallaroo::Window& window) const {
    return {"all", amounts, window};
  }
};

/// Formats a time in milliseconds, which is exact except for windows of spread_by_key.
std::string seconds(std::int64_t time_ns) {
  return fmt::format("{}s", std::round(static_cast<double>(time_ns) / 1e6) / 1e3);
}

/// An application for the case, and its one run.
class Rig {
 public:
  explicit Rig(const WindowCase& wanted) : case_(wanted) {
    Words windows(wanted, "windows");
    std::visit([&](auto kind) { build(std::move(kind), windows); }, windows_of_kind(windows));
    start({});
  }

  /// Goes on from a checkpoint, as another process would. Counters begin anew, so this keeps their
  /// sum.
  void restart() {
    for (const std::string& name : counters) {
      counted_before_[name] = metric(name);
    }
    const auto checkpoint = harness_->checkpoint();
    harness_.reset();
    start(checkpoint);
  }

  /// The results of the run.
  std::vector<std::string> happen(const WindowCase::Event& event) {
    try {
      act(event.words);
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}:{}: '{}' failed: {}", case_.path.string(),
                                           event.number, event.line, error.what()));
    }
    std::stable_sort(seen_.begin(), seen_.end(),
                     [](const Seen& a, const Seen& b) { return a.user < b.user; });
    std::vector<std::string> lines;
    for (Seen& seen : std::exchange(seen_, {})) {
      lines.push_back(std::move(seen.line));
    }
    return lines;
  }

 private:
  struct Seen {
    std::string user;
    std::string line;
  };
  struct Source {
    std::string prefix;  ///< of the input's lines
    wallaroo::testing::Input<Deposit> input;
  };

  bool has(const std::string& setting, const std::string& word) const {
    const auto found = case_.settings.find(setting);
    return found != case_.settings.end() &&
           std::find(found->second.begin(), found->second.end(), word) != found->second.end();
  }

  template <class Kind>
  void build(Kind windows, Words& words) {
    while (!words.done()) {
      const std::string option = words.take();
      windows = with_option(windows, option, words);
    }
    counts_records_ = is_count<Kind>;
    const auto user = [](const Deposit& deposit) -> const std::string& { return deposit.user; };
    const auto definition = windows.over(Listing{});
    if (has("times", "ingest")) {
      if constexpr (is_range<Kind>) {
        sink(add_source("").key_by("user", user).to("windows", definition));
        return;
      }
    } else if (has("keys", "none")) {
      if constexpr (is_range<Kind>) {
        sink(stamped().to("windows", definition));
        return;
      }
    } else if (has("windows", "stream")) {
      if constexpr (!is_count<Kind>) {
        auto [results, late] = stamped().key_by("user", user).to_with_late("windows", definition);
        sink(results);
        late.to_sink("late", wallaroo::callback_sink([this](const Deposit& deposit) {
                       note(deposit.user, fmt::format("late: {} {} {}", seconds(deposit.at_ns),
                                                      deposit.user, deposit.amount));
                     }));
        return;
      }
    } else {
      sink(stamped().key_by("user", user).to("windows", definition));
      return;
    }
    words.fail("this file's settings do not go together here");
  }

  wallaroo::Stream<Deposit> add_source(const std::string& name) {
    sources_.push_back({name.empty() ? name : name + ":", {}});
    return app_.source("deposits " + name, sources_.back().input.source());
  }
  wallaroo::TimedStream<Deposit> stamped_source(const std::string& name) {
    return add_source(name).event_time("time " + name, &Deposit::at_ns,
                                       event_times({case_, "times"}));
  }
  wallaroo::TimedStream<Deposit> stamped() {
    Words names(case_, "inputs");
    if (names.done()) {
      return stamped_source("");
    }
    const auto first = stamped_source(names.take());
    return first.merge(stamped_source(names.take()));
  }
  template <class Results>
  void sink(const Results& results) {
    results.to_sink("out", wallaroo::callback_sink([this](const Deposits& deposits) {
                      note(deposits.user, text_of(deposits));
                    }));
  }

  void act(std::vector<std::string> words) {
    if (words.front() == "now") {
      pass(duration_of(words.at(1).substr(1)));
    } else if (words.front() == "end") {
      harness_->end();
    } else if (words.front() == "metrics") {
      note("", fmt::format("{} late, {} dropped, {} refused", metric(counters[0]),
                           metric(counters[1]), metric(counters[2])));
    } else {
      push(std::move(words));
    }
  }

  /// Moves the clock in small steps, so that everything which waits for a moment acts in time.
  void pass(std::chrono::nanoseconds time) {
    constexpr std::chrono::milliseconds step{50};
    for (; time.count() > 0; time -= step) {
      harness_->advance(std::min<std::chrono::nanoseconds>(time, step));
      now_ += std::min<std::chrono::nanoseconds>(time, step);
    }
  }

  void push(std::vector<std::string> words) {
    const auto source =
        std::find_if(sources_.begin(), sources_.end(), [&](const Source& candidate) {
          return candidate.prefix.empty() || candidate.prefix == words.front();
        });
    if (source == sources_.end()) {
      throw std::out_of_range("no such input");
    }
    if (!source->prefix.empty()) {
      words.erase(words.begin());
    }
    const std::int64_t at_ns = has("times", "ingest") ? 0 : seconds_of(words.at(0));
    if (!has("times", "ingest")) {
      words.erase(words.begin());
    }
    source->input.push({words.at(0), at_ns, std::stoll(words.at(1))});
    harness_->run();
  }

  void start(const std::optional<wallaroo::testing::Checkpoint>& checkpoint) {
    wallaroo::testing::HarnessOptions options;
    options.start = now_;
    options.restore = checkpoint;
    harness_ = std::make_unique<wallaroo::testing::Harness>(app_, options);
  }

  /// The sum of a counter over the stages.
  std::int64_t metric(const std::string& name) {
    std::istringstream lines(harness_->metrics_text());
    double sum = static_cast<double>(counted_before_[name]);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(name + "{")) {
        sum += std::stod(line.substr(line.rfind(' ')));
      }
    }
    return static_cast<std::int64_t>(sum);
  }

  void note(const std::string& user, std::string line) { seen_.push_back({user, std::move(line)}); }

  std::string text_of(const Deposits& deposits) const {
    static const char* const firings[] = {"", " early", " late", " closed"};
    const wallaroo::Window& window = deposits.window;
    const std::string place =
        counts_records_ ? fmt::format("[{}, {})", window.start, window.end)
                        : fmt::format("[{}, {})", seconds(window.start), seconds(window.end));
    std::int64_t sum = 0;
    for (const std::int64_t amount : deposits.amounts) {
      sum += amount;
    }
    return fmt::format("{} {} {}{}", deposits.user, place,
                       has("show", "records") ? fmt::format("{}", fmt::join(deposits.amounts, " "))
                                              : std::to_string(sum),
                       firings[static_cast<int>(window.firing)]);
  }

  inline static const std::vector<std::string> counters = {"wallaroo_stage_late_records_total",
                                                           "wallaroo_stage_dropped_records_total",
                                                           "wallaroo_stage_errors_total"};

  const WindowCase& case_;
  wallaroo::Application app_{"case"};
  EventTime now_{};
  std::map<std::string, std::int64_t> counted_before_;
  std::vector<Source> sources_;
  std::vector<Seen> seen_;
  bool counts_records_ = false;
  std::unique_ptr<wallaroo::testing::Harness> harness_;
};

std::vector<std::filesystem::path> cases() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(WALLAROO_WINDOW_CASES)) {
    if (entry.path().extension() == ".txt") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class WindowCases : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(WindowCases, ComeOutAsTheFileSays) {
  const WindowCase wanted = read_case(GetParam());
  Rig rig(wanted);
  std::vector<std::vector<std::string>> seen;
  for (const WindowCase::Event& event : wanted.events) {
    seen.push_back(rig.happen(event));
  }
  const std::string text = difference(wanted, seen);
  EXPECT_TRUE(text.empty()) << text;
}

/// Idleness and time-outs are counted anew from a restart (the engine cannot know what it would
/// have got in the meantime). So once time has passed, restarts come only where they are counted
/// anew in any case: behind a record of the only input.
bool may_restart_behind(const WindowCase& wanted, std::size_t line) {
  const auto passes_time = [](const WindowCase::Event& event) {
    return event.words.front() == "now";
  };
  const auto first = wanted.events.begin();
  const auto behind = first + static_cast<std::ptrdiff_t>(line) + 1;
  if (std::any_of(first, behind, [](const auto& event) { return event.line == "end"; })) {
    return false;
  }
  const std::string& word = wanted.events[line].words.front();
  const bool is_record = word != "now" && word != "metrics";
  return std::none_of(first, behind, passes_time) ||
         (is_record && !wanted.settings.contains("inputs"));
}

TEST_P(WindowCases, ComeOutTheSameWhenRestoredBehindEachLine) {
  const WindowCase wanted = read_case(GetParam());
  Rig rig(wanted);
  std::vector<std::vector<std::string>> seen;
  for (std::size_t line = 0; line < wanted.events.size(); ++line) {
    seen.push_back(rig.happen(wanted.events[line]));
    if (may_restart_behind(wanted, line)) {
      rig.restart();
    }
  }
  const std::string text = difference(wanted, seen);
  EXPECT_TRUE(text.empty()) << text;
}

INSTANTIATE_TEST_SUITE_P(Files, WindowCases, ::testing::ValuesIn(cases()),
                         [](const auto& file) { return file.param.stem().string(); });

TEST(WindowsOfWindows, HoldAllResultsOfTheirPartOfTime) {
  wallaroo::Application app("minutes");
  wallaroo::testing::Input<Deposit> input;
  std::vector<std::string> hours;
  const auto user = [](const Deposits& minute) -> const std::string& { return minute.user; };
  app.source("deposits", input.source())
      .event_time("time", &Deposit::at_ns)
      .key_by("user", [](const Deposit& deposit) -> const std::string& { return deposit.user; })
      .to("minutes", wallaroo::range_windows(std::chrono::minutes(1)).over(Listing{}))
      .key_by("same user", user)
      .to("hours", wallaroo::range_windows(std::chrono::hours(1)).over(wallaroo::count()))
      .to_sink("out", wallaroo::callback_sink(
                          [&](const wallaroo::WindowResult<std::string, std::uint64_t>& hour) {
                            hours.push_back(fmt::format("{} {}", hour.key, hour.value));
                          }));
  wallaroo::testing::Harness harness(app);
  for (std::int64_t second = 0; second <= 2 * 3600; second += 30) {
    input.push({"ann", second * 1'000'000'000, 1});
    harness.run();
  }
  EXPECT_EQ(hours, (std::vector<std::string>{"ann 60", "ann 60"}));
  harness.end();
  EXPECT_EQ(hours.back(), "ann 1");
}

TEST(WindowCaseFiles, ADifferenceIsShownWhereItIs) {
  WindowCase wanted{"x.txt", {}, {{"1 ann 5", 3, {}, {}}, {"end", 4, {}, {"ann [0s, 10s) 5"}}}};
  EXPECT_EQ(difference(wanted, {{}, {"ann [0s, 10s) 5"}}), "");
  EXPECT_EQ(difference(wanted, {{"early"}, {"ann [0s, 10s) 6"}}),
            "x.txt: the lines with - were expected, those with + came\n"
            "   3   1 ann 5\n"
            "     + => early\n"
            "   4   end\n"
            "     - => ann [0s, 10s) 5\n"
            "     + => ann [0s, 10s) 6\n");
}

}  // namespace
}  // namespace golden
