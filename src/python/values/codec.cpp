#include "python/values/codec.hpp"

#include <cstdint>

#include <fmt/format.h>
#include <wallaroo/types/stored.hpp>

#include "python/values/native/value_reader.hpp"
#include "python/values/native/value_tags.hpp"
#include "python/values/native/value_writer.hpp"
#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredReader;
using internal::StoredWriter;

namespace {

/// How many objects of a class go to pickle at once after one had to.
constexpr int skipped_attempts = 63;

void put_form(StoredWriter& out, Form form) { out.put(static_cast<std::uint8_t>(form)); }

Form get_form(StoredReader& in) {
  if (in.empty()) {
    throw StoredError("a stored Python value has no bytes");
  }
  const auto form = in.get<std::uint8_t>();
  if (form < static_cast<std::uint8_t>(Form::native) ||
      form > static_cast<std::uint8_t>(Form::hooked)) {
    throw StoredError(fmt::format(
        "a stored Python value has the form {}, which this version does not know", form));
  }
  return static_cast<Form>(form);
}

// Hooks.

void put_hooked(StoredWriter& out, PyObject* object) {
  const nb::object serialize = process_values().serialize();
  const nb::object bytes = serialize(nb::handle(object));
  if (PyBytes_Check(bytes.ptr()) == 0) {
    throw nb::type_error(
        fmt::format("serialize must return bytes, but it returned an object of class {} for one of "
                    "class {}",
                    name_for_messages(Py_TYPE(bytes.ptr())), name_for_messages(Py_TYPE(object)))
            .c_str());
  }
  out.put_bytes(PyBytes_AsString(bytes.ptr()), static_cast<std::size_t>(PyBytes_Size(bytes.ptr())));
}

nb::object hooked_object(std::string_view bytes) {
  const nb::object deserialize = process_values().deserialize();
  if (!deserialize.is_valid()) {
    throw StoredError(
        "a stored value was made by the application's serialize, but the application has no "
        "deserialize now");
  }
  return deserialize(nb::bytes(bytes.data(), bytes.size()));
}

// Pickle.

void put_pickled(StoredWriter& out, PyObject* object) {
  ProcessValues& values = process_values();
  if (!values.pickle_allowed()) {
    throw nb::type_error(
        fmt::format(
            "an object of class {} can only be stored by pickle, which is refused; register "
            "functions for the class that needs it with wallaroo.register",
            name_for_messages(Py_TYPE(object)))
            .c_str());
  }
  const nb::bytes bytes(python_types().dumps(nb::handle(object), values.classes().functions()));
  out.put_bytes(bytes.c_str(), bytes.size());
}

nb::object pickled_object(std::string_view bytes) {
  ProcessValues& values = process_values();
  if (!values.pickle_allowed()) {
    throw StoredError("a stored value is pickled, and pickle is refused");
  }
  const ClassRegistry& classes = values.classes();
  return python_types().loads(nb::bytes(bytes.data(), bytes.size()), classes.allowed(),
                              classes.added(), classes.functions());
}

/// Writes natively. Returns false, with nothing appended, when only pickle can store it.
template <class Write>
bool put_native(StoredWriter& out, Write write) {
  const std::size_t before = out.size();
  put_form(out, Form::native);
  ValueWriter writer(process_values(), out);
  if (write(writer)) {
    return true;
  }
  out.truncate(before);
  return false;
}

/// Whether a native attempt is worth it. Containers are always tried: their class says nothing of
/// what is in them.
bool may_be_native(TypePlan& plan) {
  if (plan.skips > 0) {
    --plan.skips;
    return false;
  }
  return plan.kind != Kind::pickled;
}

}  // namespace

std::string encode(PyObject* object) {
  StoredWriter out;
  encode(object, out);
  return out.take();
}

void encode(PyObject* object, StoredWriter& out) {
  if (process_values().has_hooks()) {
    put_form(out, Form::hooked);
    put_hooked(out, object);
    return;
  }
  const nb::object held = nb::borrow(object);
  TypePlan& plan = process_values().plan_of(Py_TYPE(object));
  const bool is_simple = PyLong_CheckExact(object) != 0 || PyUnicode_CheckExact(object) != 0 ||
                         PyFloat_CheckExact(object) != 0 || object == Py_None ||
                         PyBool_Check(object) != 0;
  if (is_simple || may_be_native(plan)) {
    if (put_native(out, [&](ValueWriter& writer) { return writer.write(object, 1); })) {
      return;
    }
    plan.skips = plan.kind == Kind::instance ? skipped_attempts : 0;
  }
  put_form(out, Form::pickled);
  put_pickled(out, object);
}

nb::object decode(std::string_view bytes) {
  StoredReader in(bytes);
  const Form form = get_form(in);
  const std::string_view rest = in.get_bytes(in.left());
  if (form == Form::hooked) {
    return hooked_object(rest);
  }
  if (form == Form::pickled) {
    return pickled_object(rest);
  }
  ValueReader reader(process_values(), rest);
  nb::object object = reader.read();
  reader.check_at_end();
  return object;
}

std::string encode_batch(nb::list objects) {
  StoredWriter out;
  const std::size_t count = objects.size();
  if (process_values().has_hooks()) {
    put_form(out, Form::hooked);
    out.put_length(count);
    StoredWriter one;
    for (const nb::handle object : objects) {
      one.clear();
      put_hooked(one, object.ptr());
      out.put_length(one.size());
      out.put_bytes(one.bytes().data(), one.size());
    }
    return out.take();
  }
  const auto write_all = [&](ValueWriter& writer) {
    out.put_length(count);
    for (std::size_t i = 0; i < count && i < objects.size(); ++i) {
      if (!writer.write(PyList_GetItem(objects.ptr(), static_cast<Py_ssize_t>(i)))) {
        return false;
      }
    }
    return objects.size() == count;
  };
  if (!put_native(out, write_all)) {
    put_form(out, Form::pickled);
    put_pickled(out, objects.ptr());
  }
  return out.take();
}

nb::list decode_batch(std::string_view bytes) {
  StoredReader in(bytes);
  const Form form = get_form(in);
  if (form == Form::pickled) {
    const nb::object objects = pickled_object(in.get_bytes(in.left()));
    if (PyList_CheckExact(objects.ptr()) == 0) {
      throw StoredError("a pickled batch of values is no list");
    }
    return nb::borrow<nb::list>(objects);
  }
  nb::list objects;
  if (form == Form::hooked) {
    const std::size_t count = in.get_count(1);
    for (std::size_t i = 0; i < count; ++i) {
      objects.append(hooked_object(in.get_string()));
    }
    return objects;
  }
  ValueReader reader(process_values(), in.get_bytes(in.left()));
  const std::size_t count = reader.read_count();
  for (std::size_t i = 0; i < count; ++i) {
    objects.append(reader.read());
  }
  reader.check_at_end();
  return objects;
}

}  // namespace wallaroo::python
