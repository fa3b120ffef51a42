// Estimates how many bytes a record holds outside of itself.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "record/record_batch.hpp"
#include "record/reflect.hpp"

namespace wallaroo::internal {

template <class T>
std::size_t payload_bytes(const T& record);

template <class T>
std::size_t payload_bytes_of(const Hashed<T>& record) {
  return payload_bytes(record.value);
}
template <class K, class T>
std::size_t payload_bytes_of(const Carried<K, T>& record) {
  return payload_bytes(record.key) + payload_bytes(record.value);
}
template <class Slot>
std::size_t payload_bytes_of(const Timed<Slot>& record) {
  return payload_bytes(record.slot);
}
inline std::size_t payload_bytes_of(const std::string& text) {
  return text.size() < sizeof text ? 0 : text.size();
}
template <class T>
std::size_t payload_bytes_of(const std::vector<T>& elements) {
  std::size_t bytes = elements.size() * sizeof(T);
  if constexpr (!std::is_trivially_copyable_v<T>) {
    for (const T& element : elements) {
      bytes += payload_bytes(element);
    }
  }
  return bytes;
}

template <class T, std::size_t N>
std::size_t payload_bytes_of(const std::array<T, N>& elements) {
  std::size_t bytes = 0;
  for (const T& element : elements) {
    bytes += payload_bytes(element);
  }
  return bytes;
}

/// Counts strings, vectors, arrays and aggregates of them; other classes count as 0.
template <class T>
std::size_t payload_bytes(const T& record) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    return 0;
  } else if constexpr (requires { payload_bytes_of(record); }) {
    return payload_bytes_of(record);
  } else if constexpr (Aggregate<T>) {
    std::size_t bytes = 0;
    boost::pfr::for_each_field(record, [&](const auto& field) { bytes += payload_bytes(field); });
    return bytes;
  } else {
    return 0;
  }
}

}  // namespace wallaroo::internal
