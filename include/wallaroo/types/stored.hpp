// How values of your types are kept in checkpoints, for types that are not stored by themselves.
#pragma once

#include <wallaroo/types/error.hpp>

namespace wallaroo {

/// State is stored in checkpoints by itself when its type is a number, an enum, a string, an
/// optional, variant, pair, tuple or array, a container, a duration or time of std::chrono, or a
/// struct without constructors of such fields. For any other type specialise this, before the type
/// is used in a pipeline:
///
///     template <>
///     struct wallaroo::Stored<Money> {
///       using Type = std::int64_t;  // any type that can be stored
///       static Type save(const Money& money) { return money.cents(); }
///       static Money load(Type cents) { return Money(cents); }
///     };
///
/// * `load(save(x))` must be equivalent to x. `save` may return a `const Type&` into its argument.
/// * A checkpoint holds the `Type`: changing it changes the stored type.
/// * A specialisation takes precedence for types that are stored by themselves, too.
/// * An exception from `save` fails the checkpoint, one from `load` the restore. `load` should
///   throw for a value that `save` cannot have returned.
template <class T>
struct Stored;

/// `template <> struct wallaroo::Stored<Session> : wallaroo::NotStored {};` says that values of a
/// type are never stored. A pipeline with such state runs, but only without checkpoints.
struct NotStored {};

/// Converts values that an earlier version of the program stored. Appending fields to a struct
/// needs no migration: they get their defaults. For any other change keep the old struct under
/// another name, and specialise this for the new one:
///
///     template <>
///     struct wallaroo::Migration<WordTotal> {
///       static constexpr std::uint32_t version = 2;
///       using Previous = WordTotalV1;
///       static WordTotal migrate(WordTotalV1 old);
///     };
///
/// A type without a Migration has version 1. `version` must be one more than that of `Previous`,
/// which may have a Migration of its own, so that a value of any earlier version can be restored.
template <class T>
struct Migration;

/// Thrown for stored bytes, or a stored description of their type, that are damaged or do not fit
/// the type that is to be restored.
class StoredError : public Error {
 public:
  using Error::Error;
};

}  // namespace wallaroo
