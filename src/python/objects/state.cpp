#include "python/objects/state.hpp"

#include <string_view>

#include "python/objects/error.hpp"
#include "python/values/codec.hpp"

using wallaroo::python::GilScope;
using wallaroo::python::PyRecord;
using wallaroo::python::PyState;
using wallaroo::python::translated;

std::string wallaroo::Stored<PyState>::save(const PyState& state) {
  if (state.empty()) {
    return {};
  }
  const GilScope scope;
  return translated([&] { return wallaroo::python::encode(state.get()); });
}

PyState wallaroo::Stored<PyState>::load(const std::string& bytes) {
  PyState state;
  if (!bytes.empty()) {
    const GilScope scope;
    state.set(translated([&] { return wallaroo::python::decode(bytes).release().ptr(); }));
  }
  return state;
}

std::string wallaroo::Stored<PyRecord>::save(const PyRecord& record) {
  const GilScope scope;
  std::string bytes = translated([&] { return wallaroo::python::encode(record.get()); });
  bytes.push_back(static_cast<char>(record.side() | (record.late() ? 2 : 0)));
  return bytes;
}

PyRecord wallaroo::Stored<PyRecord>::load(const std::string& bytes) {
  if (bytes.empty()) {
    throw StoredError("a stored record is empty");
  }
  const GilScope scope;
  const std::string_view all(bytes);
  PyRecord record =
      PyRecord::steal(wallaroo::python::decode(all.substr(0, all.size() - 1)).release().ptr());
  record.set_side(bytes.back() & 1);
  record.set_late((bytes.back() & 2) != 0);
  return record;
}
