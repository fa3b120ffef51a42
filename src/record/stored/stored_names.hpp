// The names of the fields of stored structs, for people who inspect stored values.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>

#include "record/stored/schema.hpp"
#include "record/stored/stored_types.hpp"

namespace wallaroo::internal {

// `named_nowhere` is never defined. Only the addresses of its fields are used, as template
// arguments, because the compiler writes the names of the fields into their text.
template <class T>
struct NamedHolder {
  T value;
};
template <class T>
extern const NamedHolder<T> named_nowhere;

template <const auto* field>
constexpr std::string_view text_of_field() {
  return __PRETTY_FUNCTION__;
}

/// Finds the name in a text such as "... [with const auto* field = (&
/// named_nowhere<T>.NamedHolder<T>::value.T::name); ...]". Empty for a text of another form.
std::string name_in(std::string_view text);

template <class T>
void append_field_names(std::vector<std::string>& names);

template <class T>
void append_names_of_parts(std::vector<std::string>& names) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (append_field_names<PartOf<T, I>>(names), ...);
  }
  (std::make_index_sequence<PartsOf<T>::size>{});
}

/// Appends names in the order of T's schema: for each record the names of its fields, followed by
/// the names inside of those fields. Elements of pairs and tuples have empty names.
template <class T>
void append_field_names(std::vector<std::string>& names) {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::record) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (names.push_back(name_in(text_of_field<&boost::pfr::get<I>(named_nowhere<T>.value)>())), ...);
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  } else if constexpr (form == StoredForm::tuple) {
    names.resize(names.size() + PartsOf<T>::size);
  }
  if constexpr (form != StoredForm::scalar && form != StoredForm::string) {
    append_names_of_parts<T>(names);
  }
}

/// Returns the names in the order of append_field_names.
template <class T>
std::vector<std::string> field_names() {
  std::vector<std::string> names;
  append_field_names<T>(names);
  return names;
}

/// Finds the names of the fields of each record of a schema. The schema and the names must outlive
/// it.
class FieldNames {
 public:
  /// If the number of names does not fit the schema, no names are known.
  FieldNames(const Schema& schema, std::span<const std::string> names);

  /// The names of the record's fields in the order of its parts. Empty for a pair or tuple, and
  /// when no names are known.
  std::span<const std::string> of(const Schema& record) const;

 private:
  void place(const Schema& schema, std::size_t& next);

  std::span<const std::string> names_;
  std::map<const Schema*, std::size_t> first_;  ///< index of a record's first name in names_
};

}  // namespace wallaroo::internal
