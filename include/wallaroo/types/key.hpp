// A customisation point for key types with a == of their own.
#pragma once

namespace wallaroo {

/// For a class or enum with a == of its own and no std::hash. Specialise it as true to say that two
/// values are equal exactly when all their fields are, as with a defaulted ==. Keys of the type are
/// then hashed and compared field by field:
///
///     struct Place {
///       std::string city;
///       int zip = 0;
///       bool operator==(const Place&) const = default;
///     };
///     template <>
///     inline constexpr bool wallaroo::equal_by_fields<Place> = true;
///
/// A class without any == is always compared field by field, and needs no specialisation. If ==
/// ignores some fields, or takes different values of a field as equal, write a std::hash that
/// returns equal hashes for equal values.
template <class T>
inline constexpr bool equal_by_fields = false;

}  // namespace wallaroo
