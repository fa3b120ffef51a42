// The records and partial aggregates that executors send to windows without keys.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <wallaroo/types/stored.hpp>

#include "base/current_error.hpp"
#include "record/payload.hpp"

namespace wallaroo::internal {

/// The aggregate of those records of one batch that are in one pane.
template <class Accumulator>
struct Partial {
  std::int64_t newest_ns = 0;  ///< greatest time of the records
  std::uint64_t records = 0;
  Accumulator accumulator;
};

/// A record on which the aggregation's `update` threw `error`. No partial contains it.
template <class T>
struct FailedUpdate {
  T record;
  std::exception_ptr error;
};

/// A record by itself, or what BatchPanes has made of several. It takes the place of records in the
/// windows of a stage: they count a partial as they would count one of its records.
template <class T, class Accumulator>
struct Gathered {
  using What = std::variant<T, Partial<Accumulator>, FailedUpdate<T>>;
  What what;

  const Partial<Accumulator>* partial() const { return std::get_if<1>(&what); }
  /// Requires that it is not a partial.
  const T& record() const {
    const auto* const failed = std::get_if<2>(&what);
    return failed != nullptr ? failed->record : std::get<0>(what);
  }
};

template <class T>
inline constexpr bool is_gathered = false;
template <class T, class Accumulator>
inline constexpr bool is_gathered<Gathered<T, Accumulator>> = true;

/// The number of records for which `record` stands.
template <class T>
constexpr std::uint64_t records_in(const T&) {
  return 1;
}
template <class T, class Accumulator>
std::uint64_t records_in(const Gathered<T, Accumulator>& gathered) {
  const auto* const partial = gathered.partial();
  return partial == nullptr ? 1 : partial->records;
}

template <class T, class Accumulator>
std::size_t payload_bytes_of(const Gathered<T, Accumulator>& gathered) {
  const auto* const partial = gathered.partial();
  return partial == nullptr ? payload_bytes(gathered.record())
                            : payload_bytes(partial->accumulator);
}

}  // namespace wallaroo::internal

/// How a failed update is sent to another process: the exception as its message.
template <class T>
struct wallaroo::Stored<wallaroo::internal::FailedUpdate<T>> {
  using Type = std::pair<T, std::string>;
  static Type save(const internal::FailedUpdate<T>& failed) requires std::copy_constructible<T> {
    return {failed.record, internal::message_of(failed.error)};
  }
  static internal::FailedUpdate<T> load(Type saved) {
    return {std::move(saved.first),
            std::make_exception_ptr(std::runtime_error(std::move(saved.second)))};
  }
};
