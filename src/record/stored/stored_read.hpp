// Loads values from stored bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "record/stored/stored_bytes.hpp"
#include "record/stored/stored_plan.hpp"

namespace wallaroo::internal {

// Loading is written once: with AsNow for values that were stored with today's schema, and with
// AsPlanned for values that were stored with another one.

/// Says that values were stored with today's schema. It leaves nothing in the compiled code.
struct AsNow {
  template <class T>
  static constexpr std::uint64_t least_bytes() {
    return least_stored_bytes<PartOf<T>>();
  }
  static constexpr AsNow part(std::size_t) { return {}; }
};

/// Says that values were stored as a plan describes.
struct AsPlanned {
  const LoadPlan* plan;

  template <class T>
  std::uint64_t least_bytes() const {
    return plan->parts[0].least_bytes;
  }
  AsPlanned part(std::size_t i) const { return {&plan->parts[i]}; }
  std::size_t parts() const { return plan->parts.size(); }
};

template <class T, class How>
T load(How how, StoredReader& in);

template <class T>
T load_as_it_is(StoredReader& in) {
  if constexpr (std::is_same_v<T, bool>) {
    return in.get_bool();
  } else if constexpr (std::is_enum_v<T> && !is_stored_as_it_is<T>()) {
    return static_cast<T>(in.get_bool());
  } else {
    return in.get<T>();
  }
}

#pragma GCC diagnostic push
// Fields without an initialiser get their defaults, which is the intention.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
template <class T, class How, std::size_t... I>
T load_first_fields([[maybe_unused]] How how, [[maybe_unused]] StoredReader& in,
                    std::index_sequence<I...>) {
  // Braces guarantee that the parts are loaded in order.
  return T{load<PartOf<T, I>>(how.part(I), in)...};
}
#pragma GCC diagnostic pop

/// Loads a record that was stored with `count` fields or fewer.
template <class T, std::size_t count = PartsOf<T>::size>
T load_fewer_fields(AsPlanned how, StoredReader& in) {
  if constexpr (is_made_of_first<T, count>()) {
    if (how.parts() == count) {
      return load_first_fields<T>(how, in, std::make_index_sequence<count>{});
    }
  }
  if constexpr (count > 0) {
    return load_fewer_fields<T, count - 1>(how, in);
  } else {
    throw StoredError("a plan to load a value does not fit its type");
  }
}

template <class T, class How>
T load_record(How how, StoredReader& in) {
  if constexpr (PartsOf<T>::size == 0) {
    in.get_choice("the byte of an empty struct", 1);
    return T{};
  } else if constexpr (std::is_same_v<How, AsNow>) {
    return load_first_fields<T>(how, in, std::make_index_sequence<PartsOf<T>::size>{});
  } else {
    if (how.parts() == 0) {
      in.get_choice("the byte of an empty struct", 1);
    }
    return load_fewer_fields<T>(how, in);
  }
}

template <class T, std::size_t I, class How>
PartOf<T, I> load_element_of_tuple(How how, StoredReader& in) {
  if constexpr (std::is_same_v<How, AsPlanned>) {
    if (I >= how.parts()) {
      if constexpr (std::is_default_constructible_v<PartOf<T, I>>) {
        return PartOf<T, I>{};
      } else {
        throw StoredError("a plan to load a value does not fit its type");
      }
    }
  }
  return load<PartOf<T, I>>(how.part(I), in);
}

template <class T, class How>
T load_tuple([[maybe_unused]] How how, StoredReader& in) {
  bool is_empty = PartsOf<T>::size == 0;
  if constexpr (std::is_same_v<How, AsPlanned>) {
    is_empty = how.parts() == 0;
  }
  if (is_empty) {
    in.get_choice("the byte of an empty struct", 1);
  }
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return T{load_element_of_tuple<T, I>(how, in)...};
  }
  (std::make_index_sequence<PartsOf<T>::size>{});
}

template <class T, class How, std::size_t... I>
T load_array(How how, StoredReader& in, std::index_sequence<I...>) {
  return T{((void)I, load<PartOf<T>>(how.part(0), in))...};
}

/// Unrolls only short arrays, and those whose elements have no default.
template <class T, class How>
T load_array(How how, StoredReader& in) {
  constexpr std::size_t size = std::tuple_size_v<T>;
  if constexpr (size > 16 && std::is_default_constructible_v<T> &&
                std::is_move_assignable_v<PartOf<T>>) {
    T array;
    for (auto& element : array) {
      element = load<PartOf<T>>(how.part(0), in);
    }
    return array;
  } else {
    return load_array<T>(how, in, std::make_index_sequence<size>{});
  }
}

template <class T, class How, std::size_t I = 0>
T load_alternative(std::size_t index, How how, StoredReader& in) {
  if constexpr (I + 1 < PartsOf<T>::size) {
    if (index != I) {
      return load_alternative<T, How, I + 1>(index, how, in);
    }
  }
  return T(std::in_place_index<I>, load<PartOf<T, I>>(how.part(I), in));
}

template <class T, class How>
T load_variant(How how, StoredReader& in) {
  std::size_t alternatives = PartsOf<T>::size;
  if constexpr (std::is_same_v<How, AsPlanned>) {
    alternatives = how.parts();
  }
  return load_alternative<T>(in.get_choice("the alternative of a variant", alternatives), how, in);
}

/// Reads the number of elements. Throws when the container can never hold so many.
template <class T>
std::size_t load_count(std::uint64_t least_bytes, const T& container, StoredReader& in) {
  const std::size_t count = in.get_count(least_bytes);
  if (count > container.max_size()) {
    throw_bad_choice("a number of elements", count, container.max_size() + std::uint64_t{1});
  }
  return count;
}

template <class T>
void reserve_up_to(T& container, std::size_t count) {
  if constexpr (requires { container.reserve(count); }) {
    // An element may take much more memory than stored bytes, so a broken count must not reserve
    // room for all at once.
    constexpr std::size_t most_bytes = 1 << 20;
    container.reserve(std::min(count, most_bytes / sizeof(typename T::value_type) + 1));
  }
}

template <class T, class How>
T load_sequence(How how, StoredReader& in) {
  T sequence;
  const std::size_t count = load_count(how.template least_bytes<T>(), sequence, in);
  reserve_up_to(sequence, count);
  for (std::size_t i = 0; i < count; ++i) {
    sequence.push_back(load<PartOf<T>>(how.part(0), in));
  }
  return sequence;
}

/// Loads a sequence whose elements are contiguous and stored as they are in memory.
template <class T>
T load_block(StoredReader& in) {
  using Element = PartOf<T>;
  T sequence;
  const std::size_t count = load_count(sizeof(Element), sequence, in);
  const std::string_view bytes = in.get_bytes(count * sizeof(Element));
  sequence.resize(count);
  if (count != 0) {
    std::memcpy(static_cast<void*>(sequence.data()), bytes.data(), bytes.size());
  }
  return sequence;
}

template <class T, class How>
T load_set(How how, StoredReader& in) {
  T set;
  const std::size_t count = load_count(how.template least_bytes<T>(), set, in);
  reserve_up_to(set, count);
  for (std::size_t i = 0; i < count; ++i) {
    set.emplace_hint(set.end(), load<PartOf<T>>(how.part(0), in));
  }
  return set;
}

template <class T, class How>
T load_map(How how, StoredReader& in) {
  T map;
  // 1 for the value, which has at least one byte.
  const std::size_t count = load_count(how.template least_bytes<T>() + 1, map, in);
  reserve_up_to(map, count);
  for (std::size_t i = 0; i < count; ++i) {
    auto key = load<PartOf<T, 0>>(how.part(0), in);
    map.emplace_hint(map.end(), std::move(key), load<PartOf<T, 1>>(how.part(1), in));
  }
  return map;
}

/// Loads a value that is not stored as it is in memory.
template <class T, class How>
T load_form(How how, StoredReader& in) {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::string) {
    return T(in.get_string());
  } else if constexpr (form == StoredForm::view) {
    const std::string_view bytes = in.get_string();
    return T(reinterpret_cast<typename T::const_pointer>(bytes.data()), bytes.size());
  } else if constexpr (form == StoredForm::optional) {
    return in.get_choice("whether an optional has a value", 2) != 0
               ? T(std::in_place, load<PartOf<T>>(how.part(0), in))
               : T();
  } else if constexpr (form == StoredForm::variant) {
    return load_variant<T>(how, in);
  } else if constexpr (form == StoredForm::tuple) {
    return load_tuple<T>(how, in);
  } else if constexpr (form == StoredForm::array) {
    return load_array<T>(how, in);
  } else if constexpr (form == StoredForm::record) {
    return load_record<T>(how, in);
  } else if constexpr (form == StoredForm::map) {
    return load_map<T>(how, in);
  } else if constexpr (form == StoredForm::set) {
    return load_set<T>(how, in);
  } else {
    return load_sequence<T>(how, in);
  }
}

template <class T>
constexpr bool is_block() {
  if constexpr (stored_form<T>() == StoredForm::sequence) {
    return is_stored_as_it_is<PartOf<T>>() && requires(T & sequence) {
      sequence.data();
      sequence.resize(1);
    };
  } else {
    return false;
  }
}

template <class T>
T load_now(StoredReader& in) {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (is_stored_as_it_is<T>() || form == StoredForm::scalar) {
    return load_as_it_is<T>(in);
  } else if constexpr (form == StoredForm::converted) {
    return Stored<T>::load(load_now<PartOf<T>>(in));
  } else if constexpr (form == StoredForm::duration) {
    return T(load_now<PartOf<T>>(in));
  } else if constexpr (form == StoredForm::time_point) {
    return T(typename T::duration(load_now<PartOf<T>>(in)));
  } else if constexpr (is_block<T>()) {
    return load_block<T>(in);
  } else {
    return load_form<T>(AsNow{}, in);
  }
}

template <class T>
T load_planned(AsPlanned how, StoredReader& in) {
  constexpr StoredForm form = stored_form<T>();
  if (how.plan->how == LoadPlan::How::as_now) {
    return load_now<T>(in);
  }
  if constexpr (HasMigration<T>) {
    if (how.plan->how == LoadPlan::How::previous) {
      return Migration<T>::migrate(load_planned<typename Migration<T>::Previous>(how.part(0), in));
    }
  }
  if constexpr (form == StoredForm::converted) {
    return Stored<T>::load(load_planned<PartOf<T>>(how.part(0), in));
  } else if constexpr (form == StoredForm::scalar || form == StoredForm::duration ||
                       form == StoredForm::time_point || form == StoredForm::string) {
    return load_now<T>(in);  // these types have only one stored form
  } else {
    return load_form<T>(how, in);
  }
}

template <class T, class How>
T load(How how, StoredReader& in) {
  if constexpr (std::is_same_v<How, AsNow>) {
    return load_now<T>(in);
  } else {
    return load_planned<T>(how, in);
  }
}

/// Loads values of one type that were all stored with one schema.
template <class T>
class Loader {
 public:
  /// Throws StoredError when values of that schema cannot become a T, by defaults for appended
  /// fields, by appended alternatives of variants, or by Migrations. The message says what differs
  /// and what to do.
  explicit Loader(const Schema& stored) {
    PartPath path;
    plan_ = plan_for<T>(stored, path);
  }

  /// Reads one value. Throws StoredError when the bytes are not a value, and passes on what
  /// wallaroo::Stored and wallaroo::Migration throw.
  T operator()(StoredReader& in) const { return load_planned<T>(AsPlanned{&plan_}, in); }

 private:
  LoadPlan plan_;
};

}  // namespace wallaroo::internal
