#include "window/window_settings.hpp"

#include <numeric>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/stored.hpp>

namespace wallaroo::internal {

namespace {

struct Length {
  const char* name;
  std::int64_t value;
  const char* unit;
};

class Checker {
 public:
  explicit Checker(const std::string& stage) : stage_(stage) {}

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw ConfigError(fmt::format("windows of stage \"{}\": {}", stage_,
                                  fmt::format(text, std::forward<Args>(args)...)));
  }
  void positive(const Length& length) const {
    if (length.value <= 0) {
      fail("the {} is {}{}; it must be greater than zero", length.name, length.value, length.unit);
    }
  }
  void not_negative(const Length& length) const {
    if (length.value < 0) {
      fail("the {} is {}{}; it must not be negative", length.name, length.value, length.unit);
    }
  }
  void short_enough(const Length& length) const {
    if (length.value > max_window_ns) {
      fail("the {} is {}{}; the most is {}", length.name, length.value, length.unit, max_window_ns);
    }
  }
  void slides(const Length& whole, const Length& slide) const {
    positive(whole);
    short_enough(whole);
    positive(slide);
    if (slide.value > whole.value) {
      fail(
          "the {} of {}{} is greater than the {} of {}{}, so that records between two windows "
          "would be in none; make it {} or less",
          slide.name, slide.value, slide.unit, whole.name, whole.value, whole.unit, whole.value);
    }
    const std::int64_t panes = whole.value / std::gcd(whole.value, slide.value);
    if (panes > max_panes) {
      fail(
          "{} of {}{} and {} of {}{} make {} parts per window; the most is {}: take numbers with a "
          "greater common divisor",
          whole.name, whole.value, whole.unit, slide.name, slide.value, slide.unit, panes,
          max_panes);
    }
  }

 private:
  const std::string& stage_;
};

}  // namespace

void check(const WindowSettings& settings, const std::string& stage) {
  const Checker checker(stage);
  const Length delay{"delay", settings.delay_ns, " ns"};
  switch (settings.kind) {
    case WindowKind::range:
      checker.slides({"range", settings.range_ns, " ns"}, {"slide", settings.slide_ns, " ns"});
      break;
    case WindowKind::session:
      checker.positive({"gap", settings.gap_ns, " ns"});
      checker.short_enough({"gap", settings.gap_ns, " ns"});
      break;
    case WindowKind::count:
      checker.slides({"count", settings.count, ""}, {"slide", settings.count_slide, ""});
      break;
  }
  checker.not_negative(delay);
  checker.short_enough(delay);
  if (settings.timeout_ns) {
    checker.positive({"timeout", *settings.timeout_ns, " ns"});
  }
  checker.not_negative({"time between early results", settings.early_every_ns, " ns"});
}

WindowShape shape_of(const WindowSettings& settings) {
  return {settings.kind,        settings.range_ns,      settings.slide_ns,
          settings.gap_ns,      settings.delay_ns,      settings.count,
          settings.count_slide, settings.spread_by_key, settings.empty_windows};
}

void check_shape(const WindowShape& stored, const WindowShape& now) {
  if (stored != now) {
    throw StoredError(
        "its windows had other settings: kind, length, slide, gap, delay, spread_by_key and "
        "with_empty_windows must stay as they are; give the changed stage another name, and drop "
        "the old windows with --allow-dropped-state");
  }
}

}  // namespace wallaroo::internal
