// Converts values to stored bytes.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "record/stored/schema.hpp"
#include "record/stored/stored_bytes.hpp"
#include "record/stored/stored_check.hpp"
#include "record/stored/stored_schema.hpp"

namespace wallaroo::internal {

template <class T>
void store(const T& value, StoredWriter& out);

template <class T>
void store_range(const T& range, StoredWriter& out) {
  out.put_length(range.size());
  using Element = PartOf<T>;
  if constexpr (is_stored_as_it_is<Element>() && requires { range.data(); }) {
    out.put_bytes(range.data(), range.size() * sizeof(Element));
  } else {
    for (const Element& element : range) {
      store(element, out);
    }
  }
}

template <class T>
void store_map(const T& map, StoredWriter& out) {
  out.put_length(map.size());
  for (const auto& [key, value] : map) {
    store(key, out);
    store(value, out);
  }
}

/// True when Stored<T> converts to a string, and can also append the bytes of that string to the
/// writer itself, which saves the making of the string.
template <class T>
concept StoredByAppending = requires(const T& value, StoredWriter& out) {
  requires std::is_same_v<typename Stored<T>::Type, std::string>;
  Stored<T>::append(value, out);
};

[[noreturn]] inline void throw_valueless() {
  throw StoredError("a variant lost its value when an assignment threw, and cannot be stored");
}

template <class T>
void store_variant(const T& variant, StoredWriter& out) {
  static_assert(std::variant_size_v<T> <= 255, "the alternative is stored in a byte");
  if (variant.valueless_by_exception()) {
    throw_valueless();
  }
  out.put(static_cast<std::uint8_t>(variant.index()));
  std::visit([&](const auto& value) { store(value, out); }, variant);
}

template <class T>
void store_record(const T& record, StoredWriter& out) {
  if constexpr (PartsOf<T>::size == 0) {
    out.put(std::uint8_t{0});
  } else {
    boost::pfr::for_each_field(record, [&](const auto& field) { store(field, out); });
  }
}

template <class T>
void store_tuple(const T& tuple, StoredWriter& out) {
  if constexpr (PartsOf<T>::size == 0) {
    out.put(std::uint8_t{0});
  } else {
    std::apply([&](const auto&... parts) { (store(parts, out), ...); }, tuple);
  }
}

/// Appends the value; views of bytes, which cannot be in a checkpoint, as strings. Throws
/// StoredError for a variant without a value, and passes on what wallaroo::Stored<...>::save
/// throws.
template <class T>
void store(const T& value, StoredWriter& out) {
  static_assert(check_can_cross<T>());
  static_assert(!is_declared_not_stored<T>, "wallaroo: this type is declared NotStored");
  constexpr StoredForm form = stored_form<T>();
  if constexpr (is_stored_as_it_is<T>() || form == StoredForm::scalar) {
    out.put(value);
  } else if constexpr (StoredByAppending<T>) {
    out.put_sized([&] { Stored<T>::append(value, out); });
  } else if constexpr (form == StoredForm::converted) {
    const PartOf<T>& converted = Stored<T>::save(value);
    store(converted, out);
  } else if constexpr (form == StoredForm::string || form == StoredForm::view) {
    out.put_length(value.size());
    out.put_bytes(value.data(), value.size());
  } else if constexpr (form == StoredForm::optional) {
    out.put(value.has_value());
    if (value) {
      store<PartOf<T>>(*value, out);
    }
  } else if constexpr (form == StoredForm::duration) {
    store(value.count(), out);
  } else if constexpr (form == StoredForm::time_point) {
    store(value.time_since_epoch().count(), out);
  } else if constexpr (form == StoredForm::variant) {
    store_variant(value, out);
  } else if constexpr (form == StoredForm::tuple) {
    store_tuple(value, out);
  } else if constexpr (form == StoredForm::record) {
    store_record(value, out);
  } else if constexpr (form == StoredForm::map) {
    store_map(value, out);
  } else if constexpr (form == StoredForm::array) {
    for (const PartOf<T>& element : value) {
      store(element, out);
    }
  } else {
    store_range(value, out);
  }
}

}  // namespace wallaroo::internal
