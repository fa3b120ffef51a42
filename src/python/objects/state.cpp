#include "python/objects/state.hpp"

#include <cstddef>
#include <string_view>

#include "python/objects/access.hpp"
#include "python/objects/error.hpp"
#include "python/objects/own_values.hpp"
#include "python/values/codec.hpp"

using wallaroo::internal::StoredWriter;
using wallaroo::python::GilScope;
using wallaroo::python::PyRecord;
using wallaroo::python::PyState;
using wallaroo::python::translated;

void wallaroo::Stored<PyState>::append(const PyState& state, StoredWriter& out) {
  if (!state.empty()) {
    const GilScope scope;
    translated([&] { wallaroo::python::encode(state.get(), out); });
  }
}

// An object may begin some words before its address.
void wallaroo::Stored<PyState>::fetch(const PyState& state) {
  constexpr std::ptrdiff_t bytes_before = 32;
  if (!state.empty()) {
    const char* const object = reinterpret_cast<const char*>(state.get());
    __builtin_prefetch(object - bytes_before);
    __builtin_prefetch(object, 1);
  }
}

void wallaroo::Stored<PyState>::fetch_places(const PyState& state) {
  if (!state.empty()) {
    wallaroo::python::fetch_own_values(state.get());
  }
}

void wallaroo::Stored<PyState>::fetch_parts(const PyState& state) {
  if (!state.empty()) {
    wallaroo::python::fetch_referents(state.get());
  }
}

std::string wallaroo::Stored<PyState>::save(const PyState& state) {
  StoredWriter out;
  append(state, out);
  return out.take();
}

PyState wallaroo::Stored<PyState>::load(const std::string& bytes) {
  PyState state;
  if (!bytes.empty()) {
    const GilScope scope;
    state.set(translated([&] { return wallaroo::python::decode(bytes).release().ptr(); }));
  }
  return state;
}

void wallaroo::Stored<PyRecord>::append(const PyRecord& record, StoredWriter& out) {
  const GilScope scope;
  translated([&] { wallaroo::python::encode(record.get(), out); });
  out.put(static_cast<char>(record.side() | (record.late() ? 2 : 0)));
}

std::string wallaroo::Stored<PyRecord>::save(const PyRecord& record) {
  StoredWriter out;
  append(record, out);
  return out.take();
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
