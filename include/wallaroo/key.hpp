// What to say of a key type's own ==.
#pragma once

namespace wallaroo {

/// Customisation point for a class or enum with a == of its own and no std::hash: says that two
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
/// A class without any == is always compared so, and needs nothing. For a == that takes different
/// fields as equal write a std::hash that gives equal values equal hashes.
template <class T>
inline constexpr bool equal_by_fields = false;

}  // namespace wallaroo
