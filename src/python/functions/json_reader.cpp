#include "python/functions/json_reader.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "base/short_bytes.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

namespace {

using Code = boost::json::error_code;
using Text = boost::json::string_view;

std::string_view view_of(Text text) { return {text.data(), text.size()}; }

PyRecord text_of(std::string_view text) {
  PyObject* const made =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
  return made == nullptr ? PyRecord() : PyRecord::steal(made);
}

/// The texts of keys that came last, as str.
class Keys {
 public:
  PyRecord of(std::string_view text) {
    if (text.size() > longest) {
      return text_of(text);
    }
    Kept& kept = kept_[internal::hash_bytes(text) % kept_.size()];
    if (kept.object.get() == nullptr || kept.text != text) {
      kept.object = text_of(text);
      kept.text = text;
    }
    return kept.object;
  }

 private:
  static constexpr std::size_t longest = 64;
  struct Kept {
    std::string text;
    PyRecord object;
  };
  std::array<Kept, 128> kept_;
};

/// A piece of text that may have come in parts.
class Parts {
 public:
  void add(Text part) { before_.append(part.data(), part.size()); }
  /// All of it, with the last part. Valid until the next call of add().
  std::string_view with(Text last) {
    if (before_.empty()) {
      return view_of(last);
    }
    add(last);
    all_ = std::exchange(before_, {});
    return all_;
  }
  void clear() { before_.clear(); }

 private:
  std::string before_;
  std::string all_;
};

}  // namespace

/// Builds the object. Each function returns false, and sets the error, when `json.loads` is to read
/// the text instead.
class JsonReader::Handler {
 public:
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = max_array_size;
  static constexpr std::size_t max_string_size = max_array_size;
  static constexpr std::size_t max_key_size = max_array_size;

  void begin() {
    open_.clear();
    names_.clear();
    text_.clear();
    result_ = {};
  }
  PyObject* take() { return result_.release(); }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code& error) { return open(PyList_New(0), error); }
  bool on_array_end(std::size_t, Code& error) { return close(error); }
  bool on_object_begin(Code& error) { return open(PyDict_New(), error); }
  bool on_object_end(std::size_t, Code& error) { return close(error); }
  bool on_key_part(Text part, std::size_t, Code&) {
    text_.add(part);
    return true;
  }
  bool on_key(Text last, std::size_t, Code& error) {
    names_.push_back(keys_.of(text_.with(last)));
    return names_.back().get() != nullptr || fail(error);
  }
  bool on_string_part(Text part, std::size_t, Code&) {
    text_.add(part);
    return true;
  }
  bool on_string(Text last, std::size_t, Code& error) {
    return add(text_of(text_.with(last)), error);
  }
  bool on_number_part(Text part, Code&) {
    text_.add(part);
    return true;
  }
  bool on_int64(std::int64_t value, Text, Code& error) {
    text_.clear();
    return add(made(PyLong_FromLongLong(value)), error);
  }
  bool on_uint64(std::uint64_t value, Text, Code& error) {
    text_.clear();
    return add(made(PyLong_FromUnsignedLongLong(value)), error);
  }
  bool on_double(double, Text last, Code& error) {
    // The parser rounds less exactly than Python, and takes long integers for doubles.
    const std::string_view text = text_.with(last);
    double value = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (text.find_first_of(".eE") == text.npos || parsed.ec != std::errc() || parsed.ptr != end) {
      return fail(error);
    }
    return add(made(PyFloat_FromDouble(value)), error);
  }
  bool on_bool(bool value, Code& error) {
    return add(PyRecord::share(value ? Py_True : Py_False), error);
  }
  bool on_null(Code& error) { return add(PyRecord::share(Py_None), error); }
  bool on_comment_part(Text, Code& error) { return fail(error); }
  bool on_comment(Text, Code& error) { return fail(error); }

 private:
  static bool fail(Code& error) {
    error = boost::json::make_error_code(boost::json::error::syntax);
    return false;
  }
  static PyRecord made(PyObject* object) {
    return object == nullptr ? PyRecord() : PyRecord::steal(object);
  }
  bool open(PyObject* container, Code& error) {
    open_.push_back(made(container));
    return container != nullptr || fail(error);
  }
  bool close(Code& error) {
    PyRecord container = std::move(open_.back());
    open_.pop_back();
    return add(std::move(container), error);
  }
  bool add(PyRecord value, Code& error) {
    if (value.get() == nullptr) {
      return fail(error);
    }
    if (open_.empty()) {
      result_ = std::move(value);
      return true;
    }
    PyObject* const container = open_.back().get();
    if (PyList_CheckExact(container) != 0) {
      return PyList_Append(container, value.get()) == 0 || fail(error);
    }
    const PyRecord name = std::move(names_.back());
    names_.pop_back();
    return PyDict_SetItem(container, name.get(), value.get()) == 0 || fail(error);
  }

  Keys keys_;
  Parts text_;
  std::vector<PyRecord> open_;   ///< containers that are not complete
  std::vector<PyRecord> names_;  ///< of their values that are not complete
  PyRecord result_;
};

struct JsonReader::Parser {
  boost::json::basic_parser<Handler> parser{boost::json::parse_options()};
};

JsonReader::JsonReader() = default;
JsonReader::JsonReader(const JsonReader&) {}
JsonReader::~JsonReader() = default;

PyObject* JsonReader::read(std::string_view bytes) {
  if (parser_ == nullptr) {
    parser_ = std::make_unique<Parser>();
  }
  auto& parser = parser_->parser;
  parser.reset();
  parser.handler().begin();
  Code error;
  const std::size_t read = parser.write_some(false, bytes.data(), bytes.size(), error);
  if (!error && read == bytes.size() && parser.done()) {
    return parser.handler().take();
  }
  PyErr_Clear();
  parser.handler().begin();
  return nullptr;
}

}  // namespace wallaroo::python
