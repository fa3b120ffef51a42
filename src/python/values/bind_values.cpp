#include "python/values/bind_values.hpp"

#include <string>
#include <string_view>

#include <nanobind/stl/string.h>

#include "python/values/codec.hpp"
#include "python/values/key_object.hpp"
#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"
#include "record/describe.hpp"
#include "record/key.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

nb::bytes bytes_of(std::string_view bytes) { return nb::bytes(bytes.data(), bytes.size()); }
std::string_view view_of(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }
PyKey key_of_bytes(const nb::bytes& bytes) { return {std::string(view_of(bytes))}; }

void register_class(nb::handle type, nb::object name, nb::object encode_function,
                    nb::object decode_function) {
  ProcessValues& values = process_values();
  if (encode_function.is_none() != decode_function.is_none()) {
    throw nb::value_error("encode and decode must be given together");
  }
  if (PyType_Check(type.ptr()) == 0) {
    throw nb::type_error("only a class can be registered");
  }
  if (!name.is_none()) {
    const nb::str text(name);
    values.classes().add(Utf8(text.ptr()).view(), type);
  }
  if (!encode_function.is_none()) {
    values.classes().add_functions(type, encode_function, decode_function);
  }
  values.forget_plans();
}

void bind_codec(nb::module_& module) {
  module.def(
      "encode_value", [](nb::handle value) { return bytes_of(encode(value.ptr())); },
      nb::arg("value").none(), "The bytes of an object, as a checkpoint holds them.");
  module.def(
      "decode_value", [](const nb::bytes& bytes) { return decode(view_of(bytes)); },
      nb::arg("bytes"), "The object of bytes that encode_value returned.");
  module.def(
      "encode_batch", [](nb::list values) { return bytes_of(encode_batch(values)); },
      nb::arg("values"), "The bytes of all objects of a list.");
  module.def(
      "decode_batch", [](const nb::bytes& bytes) { return decode_batch(view_of(bytes)); },
      nb::arg("bytes"), "The list of objects that encode_batch was given.");
  module.def("register_class", &register_class, nb::arg("cls"), nb::arg("name") = nb::none(),
             nb::arg("encode") = nb::none(), nb::arg("decode") = nb::none(),
             "Gives a class a name that it had once, or functions that replace its objects by "
             "others, which are stored, and back.");
  module.def(
      "set_hooks",
      [](nb::object serialize, nb::object deserialize) {
        process_values().set_hooks(std::move(serialize), std::move(deserialize));
      },
      nb::arg("serialize").none(), nb::arg("deserialize").none(),
      "Stores objects by functions of the application alone; None and None switch back.");
  module.def(
      "allow_only_present_modules",
      [] {
        process_values().classes().allow_only_present_modules();
        process_values().forget_plans();
      },
      "From now on only values of classes of the modules that are imported now are read.");
  module.def(
      "allow_pickle", [](bool allowed) { process_values().set_pickle_allowed(allowed); },
      nb::arg("allowed"), "Says whether values may be pickled that need it.");
}

void bind_keys(nb::module_& module) {
  module.def(
      "key_bytes", [](nb::handle key) { return bytes_of(key_of(key.ptr()).bytes); },
      nb::arg("key").none(), "The canonical bytes of a key.");
  module.def(
      "key_object", [](const nb::bytes& bytes) { return object_of(key_of_bytes(bytes)); },
      nb::arg("bytes"), "The key that has these bytes.");
  module.def(
      "key_hash", [](nb::handle key) { return internal::hash_key(key_of(key.ptr())); },
      nb::arg("key").none(), "The hash by which the engine finds the owner of a key.");
  module.def(
      "key_text", [](const nb::bytes& bytes) { return internal::describe(key_of_bytes(bytes)); },
      nb::arg("bytes"), "A key as messages show it.");
  module.def(
      "raw_key_bytes", [](nb::handle key) { return bytes_of(raw_key_of(key.ptr()).bytes); },
      nb::arg("key").none(), "The bytes of a key of the old API.");
  module.def(
      "raw_key_object", [](const nb::bytes& bytes) { return raw_object_of(key_of_bytes(bytes)); },
      nb::arg("bytes"), "A key of the old API as a str.");
}

}  // namespace

void bind_values(nb::module_& module) {
  import_python_types();
  make_process_values();
  bind_codec(module);
  bind_keys(module);
}

}  // namespace wallaroo::python
