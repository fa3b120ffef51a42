// Numbers that name one of many things, with a type for each kind of thing.
#pragma once

#include <compare>
#include <cstddef>
#include <utility>
#include <vector>

namespace wallaroo::internal {

/// The number of a thing among those of its kind, counted from 0. `Kind` is any type; ids of
/// different kinds do not convert into each other, nor into numbers. There is no id for "none":
/// what may be missing is a std::optional.
template <class Kind>
class Id {
 public:
  constexpr explicit Id(std::size_t index) : index_(index) {}
  constexpr std::size_t index() const { return index_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::size_t index_;
};

/// A vector in which each id of a kind has its element.
template <class SomeId, class T>
class IndexedBy {
 public:
  using Elements = std::vector<T>;

  IndexedBy() = default;
  IndexedBy(std::size_t size, const T& value) : elements_(size, value) {}

  /// Adds an element for the next id, and returns that.
  SomeId add(T element) {
    elements_.push_back(std::move(element));
    return SomeId(elements_.size() - 1);
  }
  void reserve(std::size_t size) { elements_.reserve(size); }

  /// The element must exist.
  typename Elements::reference operator[](SomeId id) { return elements_[id.index()]; }
  typename Elements::const_reference operator[](SomeId id) const { return elements_[id.index()]; }
  /// The id of an element of this vector.
  SomeId id_of(const T& element) const {
    return SomeId(static_cast<std::size_t>(&element - elements_.data()));
  }
  /// The ids of all elements, in their order.
  std::vector<SomeId> ids() const {
    std::vector<SomeId> ids;
    for (std::size_t index = 0; index < size(); ++index) {
      ids.emplace_back(index);
    }
    return ids;
  }

  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }
  auto begin() { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

 private:
  Elements elements_;
};

}  // namespace wallaroo::internal
