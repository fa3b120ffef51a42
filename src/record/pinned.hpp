// Memory that views in records point into, kept alive by the batches that carry those records.
#pragma once

#include <atomic>
#include <cstdint>

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace wallaroo::internal {

/// A reference-counted block of bytes. Records may hold views into it; every batch that carries
/// such a record holds a reference, so the bytes outlive the last record that can see them, on
/// whichever executor that is.
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
  /// True when the caller holds the only reference, so the bytes may be reused.
  bool unique() const { return references_.load(std::memory_order_acquire) == 1; }

 private:
  mutable std::atomic<std::uint32_t> references_{0};
};

using PinnedRef = boost::intrusive_ptr<const Pinned>;

}  // namespace wallaroo::internal
