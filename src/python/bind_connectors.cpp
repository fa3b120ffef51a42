// Sources and sinks for Python.

#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/stage_failure.hpp"
#include "python/bindings.hpp"
#include "python/choices.hpp"
#include "python/functions/callback.hpp"
#include "python/functions/decoder.hpp"
#include "python/functions/encoder.hpp"
#include "python/objects/state.hpp"
#include "python/py_application.hpp"
#include "python/sinks/py_sink.hpp"
#include "python/sources/pull_source.hpp"
#include "python/sources/py_generator.hpp"
#include "source/generated/value_generator.hpp"
#include "step/steps/callback_terminal.hpp"
#include "step/steps/terminal.hpp"

namespace nb = nanobind;

namespace wallaroo::python {

namespace {

using internal::StageId;

Shared shared_or_none(const nb::object& object) {
  return object.is_none() ? Shared() : Shared(object.ptr());
}

/// What the function says of a header. When it fails there are no frames any more, so the
/// application stops.
long long length_in(const Shared& payload_length, PyObject* header) {
  try {
    const PyRecord number = call(payload_length, header);
    const long long length = PyLong_AsLongLong(number.get());
    if (length == -1 && PyErr_Occurred() != nullptr) {
      throw_python_error();
    }
    return length;
  } catch (const PythonError& error) {
    std::string shown;
    append_description_of(shown, PyRecord::share(header));
    throw internal::StageFailure(fmt::format(
        "payload_length() of a decoder failed on the header {}: {}", shown, error.what()));
  }
}

/// Frames whose header is read by a function of Python, which returns the bytes that follow it.
Framing header_framing(std::size_t header, const Shared& payload_length, std::size_t most) {
  return CustomFraming{[header, payload_length, most](std::string_view bytes) {
    if (bytes.size() < header) {
      return FrameStep::more();
    }
    const GilScope scope;
    const PyRecord head = PyRecord::steal(
        checked(PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(header))));
    const long long length = length_in(payload_length, head.get());
    if (length < 0 || static_cast<std::size_t>(length) > most) {
      return FrameStep::failed(
          fmt::format("its header says {} bytes, and a frame may have {}", length, most));
    }
    const auto whole = header + static_cast<std::size_t>(length);
    return bytes.size() < whole ? FrameStep::more()
                                : FrameStep::found(header, whole - header, whole);
  }};
}

Framing framing_of(const nb::tuple& words) {
  const auto kind = nb::cast<std::string>(words[0]);
  if (kind == "length") {
    return LengthPrefix{nb::cast<int>(words[1]),
                        nb::cast<bool>(words[2]) ? ByteOrder::big : ByteOrder::little};
  }
  if (kind == "fixed") {
    return FixedSize{nb::cast<std::size_t>(words[1])};
  }
  if (kind == "newline") {
    return Newline{};
  }
  if (kind == "header") {
    return header_framing(nb::cast<std::size_t>(words[1]), Shared(nb::object(words[2]).ptr()),
                          nb::cast<std::size_t>(words[3]));
  }
  throw ConfigError(fmt::format("framing '{}' is not known", kind));
}

std::shared_ptr<Source> byte_source(internal::SourceFactory make, Decoder decoder) {
  auto source = std::make_shared<Source>();
  source->make = std::move(make);
  source->head = [decoder = std::move(decoder)](StageId stage) {
    return internal::frame_head<PyTraits>(stage, decoder);
  };
  source->takes_frames = true;
  return source;
}

std::shared_ptr<Source> object_source(internal::SourceFactory make) {
  auto source = std::make_shared<Source>();
  source->make = std::move(make);
  source->head = [](StageId stage) { return internal::record_head<PyTraits>(stage); };
  return source;
}

std::shared_ptr<Sink> byte_sink(internal::SinkFactory make, Encoder encoder) {
  using Terminal = internal::EncodeTerminal<PyRecord, Encoder>;
  auto sink = std::make_shared<Sink>();
  sink->end = [encoder = std::move(encoder)](StageId stage) {
    return internal::end_factory<PyTraits, Terminal>({stage, encoder});
  };
  sink->writer = std::move(make);
  return sink;
}

template <class T>
T option(const nb::dict& options, const char* name) {
  return nb::cast<T>(options[name]);
}
std::chrono::milliseconds milliseconds(const nb::dict& options, const char* name) {
  return std::chrono::milliseconds(option<std::int64_t>(options, name));
}

void bind_sources(nb::module_& module) {
  nb::class_<Source>(module, "Source");
  module.def("tcp_source",
             [](const std::string& listen, const nb::tuple& framing, std::size_t max_frame_bytes,
                std::size_t max_connections, const Decoder& decoder) {
               TcpSourceOptions options;
               options.listen = listen;
               options.framing = framing_of(framing);
               options.max_frame_bytes = max_frame_bytes;
               options.max_connections = max_connections;
               return byte_source(internal::tcp_source_factory(options), decoder);
             });
  module.def("file_source", [](const std::vector<std::string>& paths, const nb::tuple& framing,
                               std::size_t max_frame_bytes, std::uint64_t repeat, bool in_order,
                               const Decoder& decoder) {
    FileSourceOptions options;
    options.paths = paths;
    options.framing = framing_of(framing);
    options.max_frame_bytes = max_frame_bytes;
    options.repeat = repeat;
    options.in_order = in_order;
    return byte_source(internal::file_source_factory(options), decoder);
  });
  module.def("connector_source",
             [](const std::string& listen, const std::string& cookie, std::uint32_t max_credits,
                std::uint32_t refill_credits, const Decoder& decoder) {
               ConnectorSourceOptions options;
               options.listen = listen;
               options.cookie = cookie;
               options.max_credits = max_credits;
               options.refill_credits = refill_credits;
               return byte_source(internal::connector_source_factory(options), decoder);
             });
  module.def("value_generator", [](const nb::object& initial, const nb::object& following) {
    const PyGenerator generator{Shared(initial.ptr()), Shared(following.ptr())};
    internal::ValueGeneratorOptions options;
    options.ends_source = false;
    options.batch_records = 256;
    return object_source([generator, options](const std::string& name) {
      using Made = internal::ValueGeneratorSource<PyRecord, PyGenerator>;
      return std::make_unique<Made>(name, options, generator);
    });
  });
  module.def("pull_source",
             [](const nb::object& open, const std::vector<std::string>& partitions, bool bounded) {
               const PullSourceSpec spec{Shared(open.ptr()), partitions, bounded};
               return object_source([spec](const std::string& name) {
                 return std::make_unique<PullSource>(name, spec);
               });
             });
}

void bind_sinks(nb::module_& module) {
  nb::class_<Sink>(module, "Sink");
  module.def("tcp_sink",
             [](const std::string& connect, const nb::dict& options, const Encoder& encoder) {
               TcpSinkOptions made;
               made.connect = connect;
               made.max_buffer_bytes = option<std::size_t>(options, "max_buffer_bytes");
               made.first_backoff = milliseconds(options, "first_backoff_ms");
               made.max_backoff = milliseconds(options, "max_backoff_ms");
               made.drain_timeout = milliseconds(options, "drain_timeout_ms");
               return byte_sink(internal::tcp_sink_factory(made), encoder);
             });
  module.def("file_sink",
             [](const std::string& path, const nb::dict& options, const Encoder& encoder) {
               FileSinkOptions made;
               made.path = path;
               made.append = option<bool>(options, "append");
               made.roll_bytes = option<std::uint64_t>(options, "roll_bytes");
               made.roll_every = milliseconds(options, "roll_every_ms");
               return byte_sink(internal::file_sink_factory(made), encoder);
             });
  module.def("connector_sink",
             [](const std::string& connect, const nb::dict& options, const Encoder& encoder) {
               ConnectorSinkOptions made;
               made.connect = connect;
               made.cookie = option<std::string>(options, "cookie");
               made.application = option<std::string>(options, "application");
               made.worker = option<std::string>(options, "worker");
               made.max_buffer_bytes = option<std::size_t>(options, "max_buffer_bytes");
               made.first_backoff = milliseconds(options, "first_backoff_ms");
               made.max_backoff = milliseconds(options, "max_backoff_ms");
               made.drain_timeout = milliseconds(options, "drain_timeout_ms");
               return byte_sink(internal::connector_sink_factory(made), encoder);
             });
  module.def("python_sink", [](const nb::object& open, const std::string& sink) {
    Encoder encoder;
    encoder.encoding = Encoding::value;
    encoder.sink = sink;
    const Shared shared_open(open.ptr());
    return byte_sink(
        [shared_open](const std::string& name) {
          return std::make_unique<PySink>(name, shared_open);
        },
        encoder);
  });
  module.def(
      "callback_sink",
      [](const nb::object& function, const nb::object& at_end) {
        using Terminal = internal::NamedFinish<internal::CallbackTerminal<PyRecord, Callback>>;
        const Callback callback{Shared(function.ptr()), shared_or_none(at_end)};
        auto sink = std::make_shared<Sink>();
        sink->end = [callback](StageId stage) {
          return internal::end_factory<PyTraits, Terminal>({stage, callback});
        };
        sink->single = true;
        return sink;
      },
      nb::arg(), nb::arg().none());
}

Decoder decoder_of(Decoding decoding, Shared function, const std::string& format,
                   std::size_t size) {
  Decoder decoder{decoding, std::move(function)};
  if (decoding == Decoding::structure) {
    decoder.layout = StructReader::of(format, size);
    decoder.decoding = decoder.layout ? decoding : Decoding::loads;
  }
  return decoder;
}

nb::object decoded(const Decoder& decoder, const nb::bytes& frame) {
  const GilScope scope;
  try {
    std::optional<PyRecord> made = decoder({frame.c_str(), frame.size()});
    return made ? nb::steal(made->release()) : nb::none();
  } catch (const PythonError& error) {
    const Cause cause = take_cause(error.what());
    const nb::object exception = nb::steal(cause.exception);
    PyErr_SetObject(exception.type().ptr(), exception.ptr());
    throw nb::python_error();
  }
}

}  // namespace

void bind_connectors(nb::module_& module) {
  nb::class_<Decoder>(module, "Decoder")
      .def(
          "__init__",
          [](Decoder* self, const std::string& kind, const nb::object& function,
             const nb::object& make, const std::string& format, std::size_t size) {
            new (self) Decoder(decoder_of(choice<Decoding>(kind, "decoder",
                                                           {{"function", Decoding::function},
                                                            {"text", Decoding::text},
                                                            {"raw", Decoding::raw},
                                                            {"loads", Decoding::loads},
                                                            {"json", Decoding::json},
                                                            {"struct", Decoding::structure}}),
                                          shared_or_none(function), format, size));
            self->make = shared_or_none(make);
          },
          nb::arg("kind"), nb::arg("function").none(), nb::arg("make").none() = nb::none(),
          nb::arg("format") = "", nb::arg("size") = 0)
      .def("__call__", &decoded, nb::arg("frame"), "The record of a frame, or None.");
  nb::class_<Encoder>(module, "Encoder")
      .def(
          "__init__",
          [](Encoder* self, const std::string& kind, const nb::object& function, bool prefixed,
             const std::string& sink, const std::string& separator) {
            new (self) Encoder{choice<Encoding>(kind, "encoder",
                                                {{"function", Encoding::function},
                                                 {"text", Encoding::text},
                                                 {"line", Encoding::line},
                                                 {"json_line", Encoding::json_line},
                                                 {"fields", Encoding::fields}}),
                               shared_or_none(function), separator, prefixed, sink};
          },
          nb::arg(), nb::arg().none(), nb::arg(), nb::arg(), nb::arg());
  bind_sources(module);
  bind_sinks(module);
}

}  // namespace wallaroo::python
