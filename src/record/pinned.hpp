// Memory to which views in records point. Batches that carry such records keep it alive.
#pragma once

#include <atomic>
#include <cstdint>

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace wallaroo::internal {

/// A reference-counted block of bytes. Every batch that carries a record with views into it holds a
/// reference, so the bytes outlive the last such record, on whatever executor it is.
class Pinned {
 public:
  Pinned() = default;
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  virtual ~Pinned() = default;

  friend void intrusive_ptr_add_ref(const Pinned* pinned) {
    pinned->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const Pinned* pinned) {
    if (pinned->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete pinned;
    }
  }
  /// True when the caller holds the only reference and may reuse the bytes.
  bool unique() const { return references_.load(std::memory_order_acquire) == 1; }

 private:
  mutable std::atomic<std::uint32_t> references_{0};
};

using PinnedRef = boost::intrusive_ptr<const Pinned>;

}  // namespace wallaroo::internal
