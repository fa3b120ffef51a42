// Computes the keys of records at the end of a chain.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "record/describe.hpp"
#include "record/key.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// The function and the stage of a `key_by`.
template <class T, class KeyFunction>
class KeyFinder {
 public:
  using Key = std::remove_cvref_t<std::invoke_result_t<KeyFunction&, const T&>>;

  struct Spec {
    StageId stage;
    KeyFunction key_function;
  };
  KeyFinder(const Spec& spec, const SegmentContext& context)
      : key_function_(spec.key_function), stage_(context.stages.at(spec.stage)) {
    if (stage_->keys == nullptr) {
      stage_->keys = std::make_unique<KeySample>();
    }
  }

  StageRuntime& stage() { return *stage_; }

  /// Calls send(hash, key). A record whose key cannot be computed is handled by the stage's policy.
  template <Pass pass, class Record, class Send>
  [[gnu::always_inline]] void find(ChainContext& context, const Record& record, Send&& send) {
    guarded(
        context, *stage_, record, [&]() __attribute__((always_inline)) {
          CallTimer<pass == Pass::timed> timer(context, stage_->call);
          decltype(auto) key = std::invoke(key_function_, record);
          if constexpr (!always_equals_itself<Key>()) {
            if (!equals_itself(key)) [[unlikely]] {
              refuse_key(key);
            }
          }
          const std::uint64_t hash = hash_key(key);
          timer.stop();
          if constexpr (pass == Pass::timed) {
            stage_->keys->add(hash, stage_->metrics.hottest_key_group,
                              [&] { return describe(key); });
          }
          send(hash, std::forward<decltype(key)>(key));
        });
  }

 private:
  [[noreturn, gnu::noinline, gnu::cold]] static void refuse_key(const Key& key) {
    throw_key_refusal(describe(key));
  }

  KeyFunction key_function_;
  StageRuntime* stage_;
};

}  // namespace wallaroo::internal
