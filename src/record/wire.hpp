// Turns the batches of an edge into bytes for another process, and back. docs/formats/links.md
// describes the bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>

#include "record/payload.hpp"
#include "record/record_batch.hpp"
#include "record/stored/stored.hpp"
#include "record/views.hpp"

namespace wallaroo::internal {

/// The encoded records of one batch, as they came from another process.
struct WireRecords {
  std::string_view bytes;
  std::size_t records = 0;
  PinnedRef block;  ///< the memory of `bytes`
};

/// Knows the type of the records of one edge. The other process has the same build of the same
/// program (which is checked when it connects), so nothing says what the bytes mean. Any executor
/// may use it, several at a time.
class WireCodec {
 public:
  virtual ~WireCodec() = default;

  /// Appends the records of a data batch of the edge. Throws StoredError for a variant without a
  /// value, and passes on what wallaroo::Stored<...>::save throws; then `out` may hold some of
  /// them.
  virtual void encode(Batch& batch, StoredWriter& out) const = 0;
  /// Adds the records to `batch`, which is one of `make_batch` and empty. Views in them point into
  /// the bytes, which the batch then pins. Safe for any bytes: throws StoredError for those that
  /// are not that many records. Passes on what wallaroo::Stored<...>::load throws.
  virtual void decode(const WireRecords& wire, Batch& batch) const = 0;
  virtual BatchPtr make_batch() const = 0;
  /// Describes the records in the same words in every build.
  virtual Schema schema() const = 0;
};

/// True for types whose batches are sent as they are in memory.
template <class T>
inline constexpr bool is_packed = is_stored_as_it_is<T>();

[[noreturn]] void throw_wrong_batch(std::size_t records, std::size_t most);
[[noreturn]] void throw_bytes_left(std::size_t bytes);

/// T is what travels on the edge: a record, perhaps with its hash, key and time.
template <class T>
class RecordCodec final : public WireCodec {
 public:
  void encode(Batch& batch, StoredWriter& out) const override {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    if constexpr (is_packed<T>) {
      out.put_bytes(records.begin(), records.size() * sizeof(T));
    } else {
      for (const T& record : records) {
        store(record, out);
      }
    }
  }

  void decode(const WireRecords& wire, Batch& batch) const override {
    auto& records = static_cast<RecordBatch<T>&>(batch);
    if (wire.records > RecordBatch<T>::capacity) {
      throw_wrong_batch(wire.records, RecordBatch<T>::capacity);
    }
    StoredReader in(wire.bytes);
    if constexpr (is_packed<T>) {
      const std::string_view bytes = in.get_bytes(wire.records * sizeof(T));
      if (!bytes.empty()) {
        std::memcpy(static_cast<void*>(records.begin()), bytes.data(), bytes.size());
      }
      records.set_size(wire.records);
    } else {
      load_all(in, wire.records, records);
    }
    if (!in.empty()) {
      throw_bytes_left(in.left());
    }
    if constexpr (may_hold_views<T>) {
      batch.pins.push_back(wire.block);
    }
  }

  BatchPtr make_batch() const override { return std::make_unique<RecordBatch<T>>(); }
  Schema schema() const override { return schema_of<T>(); }

 private:
  static void load_all(StoredReader& in, std::size_t count, RecordBatch<T>& records) {
    std::size_t payload = 0;
    for (std::size_t i = 0; i < count; ++i) {
      records.emplace(load_now<T>(in));
      payload += payload_bytes(*(records.end() - 1));
    }
    records.set_size(count, payload);
  }
};

/// For the edges to sinks, whose records are encoded where they are made.
class ByteBatchCodec final : public WireCodec {
 public:
  void encode(Batch& batch, StoredWriter& out) const override;
  void decode(const WireRecords& wire, Batch& batch) const override;
  BatchPtr make_batch() const override { return std::make_unique<ByteBatch>(); }
  Schema schema() const override { return Schema::scalar(SchemaKind::string); }
};

/// The codec of an edge on which T travels; null when values of T cannot be sent to another
/// process.
template <class T>
std::shared_ptr<const WireCodec> wire_codec() {
  if constexpr (can_cross<T>) {
    return std::make_shared<RecordCodec<T>>();
  } else {
    return nullptr;
  }
}

}  // namespace wallaroo::internal
