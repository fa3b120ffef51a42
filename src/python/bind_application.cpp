// Application and its verbs for Python. Functions come as objects, choices as their names.

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "python/bindings.hpp"
#include "python/choices.hpp"
#include "python/functions/timed.hpp"
#include "python/py_application.hpp"

namespace nb = nanobind;

namespace wallaroo::python {

namespace {

using Words = std::tuple<std::string, std::string>;

StageWords words_of(const Words& words) {
  return {std::get<0>(words), on_error_of(std::get<1>(words))};
}

Shared shared(const nb::object& object) { return Shared(object.ptr()); }

Extract extract_of(const std::string& kind, const nb::object& argument) {
  return {choice<Extraction>(kind, "extraction",
                             {{"function", Extraction::function},
                              {"item", Extraction::item},
                              {"attribute", Extraction::attribute},
                              {"record", Extraction::record},
                              {"constant", Extraction::constant}}),
          shared(argument)};
}

StateOptions state_options(std::optional<std::int64_t> expire_after_ns, bool by_processing_time,
                           std::optional<std::int64_t> timeout_ns) {
  return {expire_after_ns, by_processing_time, timeout_ns};
}

OneResult one_result(const std::string& name) {
  return choice<OneResult>(name, "result",
                           {{"record", OneResult::record},
                            {"optional", OneResult::optional},
                            {"keep", OneResult::keep}});
}
ManyResult many_result(const std::string& name) {
  return choice<ManyResult>(name, "result",
                            {{"iterable", ManyResult::iterable}, {"list", ManyResult::list}});
}
StateChange state_change(const std::string& name) {
  return choice<StateChange>(
      name, "change", {{"in_place", StateChange::in_place}, {"replaced", StateChange::replaced}});
}

AggregationPart part_of(const nb::object& description) {
  const auto words = nb::cast<nb::tuple>(description);
  const auto kind = nb::cast<std::string>(words[0]);
  AggregationPart part;
  part.kind = choice<Aggregate>(kind, "aggregation",
                                {{"methods", Aggregate::methods},
                                 {"in_place", Aggregate::in_place},
                                 {"count", Aggregate::count},
                                 {"sum", Aggregate::sum},
                                 {"mean", Aggregate::mean},
                                 {"min", Aggregate::min},
                                 {"max", Aggregate::max},
                                 {"top", Aggregate::top},
                                 {"combined", Aggregate::combined}});
  switch (part.kind) {
    case Aggregate::methods:
    case Aggregate::in_place:
      part.initial = shared(words[1]);
      part.update = shared(words[2]);
      part.combine = shared(words[3]);
      break;
    case Aggregate::count:
      break;
    case Aggregate::combined:
      for (const nb::handle each : nb::cast<nb::tuple>(words[1])) {
        part.parts.push_back(part_of(nb::borrow(each)));
      }
      break;
    case Aggregate::top:
      part.k = nb::cast<std::size_t>(words[3]);
      [[fallthrough]];
    default:
      part.of = extract_of(nb::cast<std::string>(words[1]), nb::object(words[2]));
  }
  return part;
}

internal::WindowSettings window_settings(const std::string& kind, std::int64_t length,
                                         std::int64_t step, const nb::dict& options) {
  using internal::WindowKind;
  internal::WindowSettings settings;
  settings.kind = choice<WindowKind>(kind, "kind of windows",
                                     {{"range", WindowKind::range},
                                      {"session", WindowKind::session},
                                      {"count", WindowKind::count}});
  switch (settings.kind) {
    case WindowKind::range:
      settings.range_ns = length;
      settings.slide_ns = step;
      break;
    case WindowKind::session:
      settings.gap_ns = length;
      break;
    case WindowKind::count:
      settings.count = length;
      settings.count_slide = step;
      break;
  }
  settings.delay_ns = nb::cast<std::int64_t>(options["delay_ns"]);
  settings.early_every_ns = nb::cast<std::int64_t>(options["early_ns"]);
  settings.timeout_ns = nb::cast<std::optional<std::int64_t>>(options["timeout_ns"]);
  settings.flush = nb::cast<bool>(options["flush"]);
  settings.empty_windows = nb::cast<bool>(options["empty"]);
  settings.late_data = late_data_of(nb::cast<std::string>(options["late"]));
  return settings;
}

EventTimeOptions event_time_options(const nb::dict& options) {
  const auto duration = [&](const char* name) {
    return std::chrono::nanoseconds(nb::cast<std::int64_t>(options[name]));
  };
  EventTimeOptions made;
  made.lateness = duration("lateness_ns");
  made.idle_after = duration("idle_ns");
  made.max_ahead = duration("max_ahead_ns");
  made.max_jump = duration("max_jump_ns");
  return made;
}

void bind_verbs(nb::class_<PyApplication>& application) {
  application
      .def("one",
           [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
              const std::string& result) {
             return self.one(from, words_of(words), {shared(f), one_result(result)});
           })
      .def("many",
           [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
              const std::string& result) {
             return self.many(from, words_of(words), {shared(f), many_result(result)});
           })
      .def("map_batch",
           [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
              std::size_t most) { return self.map_batch(from, words_of(words), shared(f), most); })
      .def(
          "key_by",
          [](PyApplication& self, StreamNumber from, const Words& words, const std::string& kind,
             const nb::object& argument, bool old_style) {
            return self.key_by(from, words_of(words), {extract_of(kind, argument), old_style});
          },
          nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg())
      .def("event_time",
           [](PyApplication& self, StreamNumber from, const Words& words, const std::string& kind,
              const nb::object& argument, const nb::dict& options, bool has_time) {
             return self.event_time(from, words_of(words), {extract_of(kind, argument)},
                                    event_time_options(options), has_time);
           })
      .def("merge", &PyApplication::merge)
      .def("split", &PyApplication::split)
      .def("dead_letters", &PyApplication::dead_letters);
}

void bind_state(nb::class_<PyApplication>& application) {
  application
      .def(
          "state",
          [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
             const nb::object& initial, const std::string& change,
             std::optional<std::int64_t> expire_after_ns, bool by_processing_time) {
            return self.state(from, words_of(words),
                              {shared(f), shared(initial), state_change(change)},
                              state_options(expire_after_ns, by_processing_time, {}));
          },
          nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg())
      .def(
          "state_many",
          [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
             const nb::object& initial, const std::string& result,
             std::optional<std::int64_t> expire_after_ns, bool by_processing_time) {
            return self.state_many(from, words_of(words),
                                   {shared(f), shared(initial), many_result(result)},
                                   state_options(expire_after_ns, by_processing_time, {}));
          },
          nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg())
      .def("running",
           [](PyApplication& self, StreamNumber from, const Words& words,
              const nb::object& aggregation) {
             return self.running(from, words_of(words), {part_of(aggregation)});
           })
      .def(
          "timed_state",
          [](PyApplication& self, StreamNumber from, const Words& words, const nb::object& f,
             const nb::object& on_timer, const nb::object& initial,
             std::optional<std::int64_t> expire_after_ns, bool by_processing_time,
             std::optional<std::int64_t> timeout_ns) {
            return self.timed_state(from, words_of(words), shared(f), shared(on_timer),
                                    shared(initial),
                                    state_options(expire_after_ns, by_processing_time, timeout_ns));
          },
          nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(),
          nb::arg().none())
      .def("windows",
           [](PyApplication& self, StreamNumber from, const Words& words, const std::string& kind,
              std::int64_t length, std::int64_t step, const nb::dict& options,
              const nb::object& aggregation, const nb::object& output, bool old_style_key) {
             return self.windows(from, words_of(words),
                                 window_settings(kind, length, step, options),
                                 {part_of(aggregation), shared(output), old_style_key});
           })
      .def("join", [](PyApplication& self, StreamNumber left, StreamNumber right,
                      const Words& words, std::int64_t lower_ns, std::int64_t upper_ns,
                      const std::string& kind, const nb::dict& options, const nb::object& f) {
        internal::JoinSettings settings;
        settings.lower_ns = lower_ns;
        settings.upper_ns = upper_ns;
        settings.kind = choice<internal::JoinKind>(kind, "kind of join",
                                                   {{"inner", internal::JoinKind::inner},
                                                    {"left", internal::JoinKind::left},
                                                    {"right", internal::JoinKind::right},
                                                    {"full", internal::JoinKind::full}});
        settings.delay_ns = nb::cast<std::int64_t>(options["delay_ns"]);
        settings.late = late_data_of(nb::cast<std::string>(options["late"]));
        settings.timeout_ns = nb::cast<std::optional<std::int64_t>>(options["timeout_ns"]);
        return self.join(left, right, words_of(words), settings, shared(f));
      });
}

void bind_timers(nb::module_& module) {
  nb::class_<TimersView>(module, "Timers")
      .def("at", &TimersView::at)
      .def("after", &TimersView::after)
      .def("cancel", &TimersView::cancel)
      .def("event_time", &TimersView::event_time_ns)
      .def("watermark", &TimersView::watermark_ns)
      .def("key",
           [](const TimersView& self) {
             PyObject* const key = self.key();
             return key == nullptr ? nb::object(nb::none()) : nb::steal(key);
           })
      .def("timer", [](const TimersView& self) -> nb::object {
        const Timer* const timer = self.timer();
        if (timer == nullptr) {
          return nb::none();
        }
        return nb::make_tuple(timer->id, timer->due.time_since_epoch().count(),
                              timer->kind == TimerKind::event_time);
      });
}

}  // namespace

void bind_application(nb::module_& module) {
  bind_timers(module);
  nb::class_<PyApplication> application(module, "Application");
  application.def(nb::init<std::string>())
      .def_prop_ro("name", &PyApplication::name)
      .def("source",
           [](PyApplication& self, const Words& words, const std::shared_ptr<Source>& source) {
             return self.source(words_of(words), *source);
           })
      .def("sinks", [](PyApplication& self, StreamNumber from, const nb::list& named) {
        std::vector<Sink> sinks;
        for (const nb::handle each : named) {
          const auto one =
              nb::cast<std::tuple<std::string, std::string, std::shared_ptr<Sink>>>(each);
          Sink sink = *std::get<2>(one);
          sink.words = {std::get<0>(one), on_error_of(std::get<1>(one))};
          sinks.push_back(std::move(sink));
        }
        self.sinks(from, std::move(sinks));
      });
  bind_verbs(application);
  bind_state(application);
}

}  // namespace wallaroo::python
