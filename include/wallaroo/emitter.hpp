// The last parameter of a computation that makes many outputs of one input without allocating.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "record/arena.hpp"

namespace wallaroo {

namespace internal {
struct EmitterAccess;
}

/// Takes the outputs of one call of a computation, in order:
///
///     void split(std::string_view line, wallaroo::Emitter<std::string_view>& emit);
///
/// T may be a view (`std::string_view`, or a struct holding some) into the input or into `arena()`;
/// the engine keeps those bytes for as long as any record can see them. An output must not point
/// into the stage's state, nor into local variables. If the computation throws, the outputs of
/// that call that are still buffered (at most the last 256) are dropped with the record.
template <class T>
class Emitter {
 public:
  /// Made by the engine, which also binds it to the step that takes the outputs.
  Emitter() : slots_(std::allocator<T>{}.allocate(capacity)) {}
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;
  ~Emitter() {
    clear();
    std::allocator<T>{}.deallocate(slots_, capacity);
  }

  /// Adds an output. Throws only when making room for it does.
  void emit(T value) {
    if (next_ == slots_end_) [[unlikely]] {
      drain_(*this, drain_context_);
    }
    new (next_) T(std::move(value));
    ++next_;
  }
  /// The same as `emit`.
  void operator()(T value) { emit(std::move(value)); }

  /// Memory for bytes to which outputs of this call point.
  Arena& arena() { return arena_(arena_context_); }

 private:
  friend struct internal::EmitterAccess;
  static constexpr std::size_t capacity = 256;

  std::size_t size() const { return static_cast<std::size_t>(next_ - slots_); }
  void clear() {
    std::destroy(slots_, next_);
    next_ = slots_;
  }

  // Pointers rather than an index: emitting is then a store, an addition and a comparison. The
  // compiler knows that storing an output does not change a pointer, so a loop in the user's code
  // can keep them in registers.
  T* slots_;
  T* next_ = slots_;
  T* slots_end_ = slots_ + capacity;
  void (*drain_)(Emitter&, void*) = nullptr;
  void* drain_context_ = nullptr;
  Arena& (*arena_)(void*) = nullptr;
  void* arena_context_ = nullptr;
};

}  // namespace wallaroo
