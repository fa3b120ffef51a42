// How values of your types are kept in checkpoints: what to write where it is not done by itself.
#pragma once

#include <wallaroo/error.hpp>

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
/// * `load(save(x))` must be as good as x. `save` may return a `const Type&` into its argument.
/// * `Type` is what is in the checkpoint: changing it is changing the stored type.
/// * A specialisation also replaces what would be done by itself.
/// * What they throw fails the checkpoint or the restore; `load` should throw when it is given what
///   `save` cannot have returned.
template <class T>
struct Stored;

/// `template <> struct wallaroo::Stored<Session> : wallaroo::NotStored {};` says that values of a
/// type are never stored. A pipeline with such state runs, but only without checkpoints.
struct NotStored {};

/// How values that an earlier version of the program stored become values of today. Fields that
/// were appended to a struct need none of it: they get their defaults. For any other change keep
/// the old struct under another name, and specialise this for the new one:
///
///     template <>
///     struct wallaroo::Migration<WordTotal> {
///       static constexpr std::uint32_t version = 2;
///       using Previous = WordTotalV1;
///       static WordTotal migrate(WordTotalV1 old);
///     };
///
/// A type without a Migration has version 1. `version` is one more than that of `Previous`, which
/// may have a Migration of its own: so a value of any earlier version is restored.
template <class T>
struct Migration;

/// Stored bytes or the description of their type are broken, or do not fit the type that is to be
/// restored.
class StoredError : public Error {
 public:
  using Error::Error;
};

}  // namespace wallaroo
