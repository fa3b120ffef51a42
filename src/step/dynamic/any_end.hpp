// Ends of chains that are made at run time: the terminals of typed chains behind one interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "step/chain_counts.hpp"
#include "step/dynamic/receiver.hpp"
#include "step/sampled_calls.hpp"
#include "step/segment.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// The end of a chain at one edge, or at one sink.
template <class Traits>
class AnyEnd : public Receiver<Traits> {
 public:
  /// Takes a record that other ends of the chain take, too.
  virtual void accept_shared(ChainContext& context, const KeyTimeOf<Traits>& key_time,
                             const typename Traits::Record& record) = 0;
  virtual void add_calls(Sampler& sampler, bool behind_firing) = 0;
  /// Tells how many records came in since the last call.
  virtual void publish(std::uint64_t records) = 0;
  virtual void flush(bool everything) = 0;
  virtual void finish() = 0;
};

template <class Traits, class Terminal>
class EndAdapter final : public AnyEnd<Traits> {
 public:
  using Record = typename Traits::Record;

  EndAdapter(const typename Terminal::Spec& spec, const SegmentContext& context, OutletCursor& next)
      : terminal_(spec, context, next) {}

  void accept(ChainContext& context, const KeyTimeOf<Traits>& key_time, Record&& record) override {
    terminal_.template accept<Pass::timed>(context, key_time, std::move(record));
  }
  void accept_all(ChainContext& context, const KeyTimeOf<Traits>& key_time, Record* records,
                  std::size_t size) override {
    if constexpr (requires {
                    terminal_.template append_all<Pass::timed>(context, key_time, records, size);
                  }) {
      terminal_.template append_all<Pass::timed>(context, key_time, records, size);
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        accept(context, key_time, std::move(records[i]));
      }
    }
  }
  void accept_shared(ChainContext& context, const KeyTimeOf<Traits>& key_time,
                     const Record& record) override {
    terminal_.template accept<Pass::timed>(context, key_time, record);
  }
  void add_calls(Sampler& sampler, bool behind_firing) override {
    terminal_.for_each_stage(
        [&](StageRuntime& stage) { add_sampled_call(sampler, stage.call, behind_firing); });
  }
  void publish(std::uint64_t records) override {
    terminal_.for_each_stage([&](StageRuntime& stage) { count_at_end(stage, records); });
  }
  void flush(bool everything) override { terminal_.flush(everything); }
  void finish() override { terminal_.finish(); }

 private:
  Terminal terminal_;
};

/// Makes the end of one chain, on one executor.
template <class Traits>
using EndFactory =
    std::function<std::unique_ptr<AnyEnd<Traits>>(const SegmentContext&, OutletCursor&)>;

template <class Traits, class Terminal>
EndFactory<Traits> end_factory(typename Terminal::Spec spec) {
  return [spec = std::move(spec)](const SegmentContext& context, OutletCursor& next) {
    return std::make_unique<EndAdapter<Traits, Terminal>>(spec, context, next);
  };
}

/// Gives every record to each of several ends.
template <class Traits>
class Ends final : public Receiver<Traits> {
 public:
  using Record = typename Traits::Record;

  void add(std::unique_ptr<AnyEnd<Traits>> end) { ends_.push_back(std::move(end)); }

  void accept(ChainContext& context, const KeyTimeOf<Traits>& key_time, Record&& record) override {
    const std::size_t last = ends_.size() - 1;
    for (std::size_t i = 0; i < last; ++i) {
      ends_[i]->accept_shared(context, key_time, record);
    }
    ends_[last]->accept(context, key_time, std::move(record));
  }
  auto begin() const { return ends_.begin(); }
  auto end() const { return ends_.end(); }
  /// What takes the records: the only end itself, if there is one.
  Receiver<Traits>& receiver() {
    if (ends_.size() == 1) {
      return *ends_.front();
    }
    return *this;
  }

 private:
  std::vector<std::unique_ptr<AnyEnd<Traits>>> ends_;
};

}  // namespace wallaroo::internal
