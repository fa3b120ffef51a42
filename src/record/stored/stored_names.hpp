// The names of the fields of stored structs, for people who look at what is stored.
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

// Never defined: only the addresses of its fields are spoken of, in which the compiler writes their
// names.
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

/// The name in "... [with const auto* field = (& named_nowhere<T>.NamedHolder<T>::value.T::name);
/// ...]"; empty when the text is another one.
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

/// In the order of T's schema: of each record first the names of all its fields, then those inside
/// of the fields. Those of pairs and tuples are empty.
template <class T>
void append_field_names(std::vector<std::string>& names) {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::record) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (names.push_back(
           name_in(text_of_field<&boost::pfr::get<I>(named_nowhere<T>.value)>())),
       ...);
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  } else if constexpr (form == StoredForm::tuple) {
    names.resize(names.size() + PartsOf<T>::size);
  }
  if constexpr (form != StoredForm::scalar && form != StoredForm::string) {
    append_names_of_parts<T>(names);
  }
}

/// See append_field_names.
template <class T>
std::vector<std::string> field_names() {
  std::vector<std::string> names;
  append_field_names<T>(names);
  return names;
}

/// Finds the names of the fields of each record of a schema. Both must outlive it.
class FieldNames {
 public:
  /// Names that do not belong to this schema are left out.
  FieldNames(const Schema& schema, std::span<const std::string> names);

  /// In the order of its parts; empty for a pair, a tuple, or when nothing is known.
  std::span<const std::string> of(const Schema& record) const;

 private:
  void place(const Schema& schema, std::size_t& next);

  std::span<const std::string> names_;
  std::map<const Schema*, std::size_t> first_;  ///< of a record's names among all
};

}  // namespace wallaroo::internal
