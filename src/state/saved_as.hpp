// The form in which the engine's own values by key are stored.
#pragma once

#include <cstdint>
#include <utility>

namespace wallaroo::internal {

/// Converts a value of a stage's table to the form that a checkpoint holds, and back. A class with
/// a nested type `Saved` has these members:
///
///     Saved saved(std::int64_t wall_offset_ns) const;
///     static T restored(Saved&&, std::int64_t wall_offset_ns);
///
/// The offset plus engine time is wall time. Times of the engine's clock are stored as wall time,
/// because that clock starts anew with every process. Any other type is stored as it is.
template <class T>
struct SavedAs {
  using Type = T;
  static const T& save(const T& value, std::int64_t) { return value; }
  static T&& load(T&& value, std::int64_t) { return std::move(value); }
};
template <class T>
requires requires { typename T::Saved; }
struct SavedAs<T> {
  using Type = typename T::Saved;
  static Type save(const T& value, std::int64_t wall_offset_ns) {
    return value.saved(wall_offset_ns);
  }
  static T load(Type&& saved, std::int64_t wall_offset_ns) {
    return T::restored(std::move(saved), wall_offset_ns);
  }
};

}  // namespace wallaroo::internal
