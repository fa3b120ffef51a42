// The first step after a byte source: calls the user's decoder on each frame.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <wallaroo/types/decoded.hpp>

#include "step/chain_context.hpp"
#include "step/signature.hpp"

namespace wallaroo::internal {

template <class R>
struct DecodedType {
  using type = R;
};
template <class T>
struct DecodedType<std::optional<T>> {
  using type = T;
};
template <class T>
struct DecodedType<Decoded<T>> {
  using type = T;
};

template <class D>
inline constexpr bool decodes_text = std::is_invocable_v<const D&, std::string_view>;
template <class D>
inline constexpr bool decodes_bytes = std::is_invocable_v<const D&, std::span<const std::byte>>;

template <class D>
struct DecoderTraits {
  static_assert(decodes_text<D> || decodes_bytes<D>,
                "wallaroo: a decoder takes one frame, as std::string_view or as "
                "std::span<const std::byte>");
  static auto call(const D& decoder, std::string_view frame) {
    if constexpr (decodes_text<D>) {
      return std::invoke(decoder, frame);
    } else {
      return std::invoke(decoder, std::as_bytes(std::span(frame.data(), frame.size())));
    }
  }
  using Result = decltype(call(std::declval<const D&>(), {}));
  static_assert(!std::is_void_v<Result>,
                "wallaroo: a decoder returns its record: T, std::optional<T> (empty: skip) or "
                "wallaroo::Decoded<T>");
  using Output = typename DecodedType<Result>::type;
};

template <class D>
class DecodeStep {
 public:
  using Traits = DecoderTraits<D>;
  using Output = typename Traits::Output;
  static constexpr bool tallies_losses = std::is_same_v<Output, typename Traits::Result>;
  static constexpr bool stateful = false;
  static constexpr bool plain = false;
  static constexpr bool may_view_its_record = false;  // a frame's bytes are kept by its batch

  struct Spec {
    StageId stage;
    D decoder;
  };

  DecodeStep(const Spec& spec, const SegmentContext& context)
      : decoder_(spec.decoder), stage_(context.stages.at(spec.stage)) {}

  StageRuntime& stage() { return *stage_; }

  template <Pass pass, class KeyPart, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally, const KeyPart&,
                                    std::string_view frame, Next&& next) {
    bool in_user_code = true;
    try {
      CallTimer<pass == Pass::timed> timer(context, stage_->call);
      auto result = Traits::call(decoder_, frame);
      timer.stop();
      in_user_code = false;
      if constexpr (tallies_losses) {
        next(std::move(result));
      } else if constexpr (is_optional<typename Traits::Result>) {
        if (result.has_value()) {
          ++tally;
          next(*std::move(result));
        }
      } else if (auto* record = std::get_if<Output>(&result)) {
        ++tally;
        next(std::move(*record));
      } else if (auto* bad = std::get_if<BadRecord>(&result)) {
        refuse(context, frame, bad->reason);
      }
    } catch (...) {
      if (!in_user_code) {
        throw;
      }
      tally += tallies_losses ? 1 : 0;
      refuse(context, frame, FailureHandler::current_error());
    }
  }

 private:
  [[gnu::noinline, gnu::cold]] void refuse(ChainContext& context, std::string_view frame,
                                           std::string_view reason) {
    if (stage_->source != nullptr) {
      stage_->source->bad_records.add();
    }
    context.failures.handle(*stage_, reason, {std::string(frame), true, context.where()});
  }

  D decoder_;
  StageRuntime* stage_;
};

}  // namespace wallaroo::internal
