// Appends typed records to the open batch of each target of an outlet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "record/payload.hpp"
#include "record/record_batch.hpp"
#include "record/views.hpp"
#include "record/whole_records.hpp"
#include "route/outlet.hpp"
#include "route/pins.hpp"

namespace wallaroo::internal {

/// R is the type that travels: a record, perhaps with its hash, key and time. `Views` says whether
/// records of this edge may point into the memory of the input from which they were made.
template <class R, bool Views>
class RecordWriter {
  struct Open;

 public:
  explicit RecordWriter(Outlet& outlet) : outlet_(&outlet), open_(outlet.targets()) {
    for (Open& slot : open_) {
      slot.open(std::make_unique<RecordBatch<R>>());
    }
  }
  RecordWriter(RecordWriter&&) noexcept = default;
  RecordWriter& operator=(RecordWriter&&) noexcept = default;
  ~RecordWriter() {
    for (Open& slot : open_) {
      slot.close();
    }
  }

  Outlet& outlet() { return *outlet_; }

  /// True when an appender may be used for all records of an input. Otherwise the memory that is
  /// held for views may grow meanwhile, and each record needs a new one.
  static constexpr bool appender_lasts = !Views;

  /// Appends the records of one input, which it must not outlive. It has copies of the fields that
  /// stay the same meanwhile; otherwise the compiler would load them again after each store.
  class Appender {
   public:
    std::size_t target_of(std::uint64_t hash) const { return assignment_->owner(key_group(hash)); }

    template <class... Args>
    [[gnu::always_inline]] void append(std::size_t target, Args&&... args) const {
      Open& slot = open_[target];
      if (slot.epoch != epoch_) [[unlikely]] {
        writer_->begin(target, *input_);
      }
      R* const place = slot.next;
      make_record(place, std::forward<Args>(args)...);
      if constexpr (!std::is_trivially_copyable_v<R>) {
        slot.payload += payload_bytes(*place);
        if (slot.payload >= max_batch_bytes) [[unlikely]] {
          slot.limit = place + 1;
        }
      }
      slot.next = place + 1;
      if (place + 1 == slot.limit) [[unlikely]] {
        writer_->send(target);
      }
    }

    /// Puts the whole record beside the excerpt of it that is appended next, to the same target.
    template <class Whole>
    [[gnu::noinline, gnu::cold]] void add_whole(std::size_t target, Whole&& whole) const {
      Open& slot = open_[target];
      if (slot.epoch != epoch_) {
        writer_->begin(target, *input_);
      }
      using T = std::remove_cvref_t<Whole>;
      slot.payload += sizeof(T) + payload_bytes(whole);
      WholeRecords<T>::add(*slot.batch, slot.next, std::forward<Whole>(whole));
      if (slot.payload >= max_batch_bytes) {
        slot.limit = slot.next + 1;
      }
    }

   private:
    friend RecordWriter;
    Appender(RecordWriter& writer, const InputPins& input)
        : writer_(&writer),
          input_(&input),
          open_(writer.open_.data()),
          assignment_(&writer.outlet_->assignment()),
          epoch_(input.epoch) {}

    RecordWriter* writer_;
    const InputPins* input_;
    Open* open_;
    const Assignment* assignment_;
    std::uint64_t epoch_;
  };
  Appender appender(const InputPins& input) { return Appender(*this, input); }

  template <class... Args>
  [[gnu::always_inline]] void append(std::size_t target, const InputPins& input, Args&&... args) {
    appender(input).append(target, std::forward<Args>(args)...);
  }

  /// Sends open batches, and empty ones where the watermark is new, to idle consumers; to all
  /// consumers when `everything` is set, because the producer has run out of input.
  void flush(bool everything) {
    for (std::size_t target = 0; target < open_.size(); ++target) {
      const bool wanted = open_[target].size() != 0 || outlet_->has_news(target);
      if (wanted && (everything || outlet_->target_idle(target))) {
        send(target);
      }
    }
  }

 private:
  /// The batch that is being filled for one target. Its size is set when it is closed.
  struct Open {
    R* next = nullptr;
    R* limit = nullptr;
    std::uint64_t epoch = 0;  ///< of the last input whose memory the batch holds
    std::size_t payload = 0;  ///< bytes that the records hold outside of themselves
    std::unique_ptr<RecordBatch<R>> batch;

    void open(std::unique_ptr<RecordBatch<R>> empty) {
      batch = std::move(empty);
      next = batch->begin();
      limit = next + RecordBatch<R>::capacity;
      epoch = 0;
      payload = 0;
    }
    std::size_t size() const { return static_cast<std::size_t>(next - batch->begin()); }
    void close() {
      if (batch != nullptr) {
        batch->set_size(size(), payload);
      }
    }
  };

  /// Called before the first record that an input gives to a batch. A batch that gets only a few
  /// records of each input (after a filter) is sent early, since it keeps the memory of all of
  /// them.
  [[gnu::noinline]] void begin(std::size_t target, const InputPins& input) {
    Open& slot = open_[target];
    if (Views && slot.batch->pins.size() >= most_pins) {
      send(target);
    }
    slot.epoch = input.epoch;
    if (slot.size() == 0) {
      slot.batch->ingest_ns = input.ingest_ns;
    }
    if constexpr (Views) {
      input.pin(*slot.batch);
    }
  }

  [[gnu::noinline]] void send(std::size_t target) {
    Open& slot = open_[target];
    slot.close();
    outlet_->send(target, std::move(slot.batch));
    // A channel carries one type of data batch, and control messages are not recycled, so a batch
    // that comes back is a RecordBatch<R>.
    BatchPtr used = outlet_->recycled(target);
    slot.open(used ? std::unique_ptr<RecordBatch<R>>(static_cast<RecordBatch<R>*>(used.release()))
                   : std::make_unique<RecordBatch<R>>());
  }

  static constexpr std::size_t most_pins = 32;

  Outlet* outlet_;
  std::vector<Open> open_;
};

}  // namespace wallaroo::internal
