// A stage of windows of lists, driven by hand. For tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "window/window.rig.hpp"
#include "window/window_set.hpp"

namespace wallaroo::internal::window_rig {

using Texts = std::vector<std::string>;

/// Records are numbers; a list is written with a space after each.
template <template <class, class> class Windows>
struct Stage {
  explicit Stage(const WindowSettings& settings) : set(settings) {
    check(settings, "test");
    set.on_time(0, out);
  }

  void record(std::int64_t time, int value, int key = 0) {
    set.on_record(hash_key(key), key, time, value, out);
  }
  Texts fire(std::size_t slice = 100) {
    while (set.fire_due(slice, out)) {
    }
    return take();
  }
  /// Returns the outputs when the watermark gets to `time`.
  Texts watermark(std::int64_t time) {
    set.on_watermark(time);
    return fire();
  }
  Texts time(std::int64_t now) {
    set.on_time(now, out);
    return fire();
  }
  Texts end() { return watermark(end_of_time); }
  /// Returns the outputs since the last call.
  Texts take() { return std::exchange(out.all, {}); }

  WindowSet<int, int, List, Windows<List, int>> set;
  Outputs<List> out;
};

}  // namespace wallaroo::internal::window_rig
