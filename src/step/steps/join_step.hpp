// An interval join of two keyed streams as a step of a chain.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <wallaroo/types/late_data.hpp>

#include "state/loading.hpp"
#include "state/stage_state.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/steps/computation.hpp"
#include "step/steps/set_step.hpp"
#include "window/joins/join_set.hpp"

namespace wallaroo::internal {

/// A record of either side, as it travels to the join.
template <class Left, class Right>
using EitherSide = std::variant<Left, Right>;

/// Calls the function of the join with a pair: a side that is always present is passed by
/// reference, the other by pointer, which is null for a record that is emitted alone.
template <JoinKind kind, class F, class Left, class Right>
decltype(auto) invoke_join(F& function, const Left* left, const Right* right) {
  if constexpr (kind == JoinKind::inner) {
    return std::invoke(function, *left, *right);
  } else if constexpr (kind == JoinKind::left) {
    return std::invoke(function, *left, right);
  } else if constexpr (kind == JoinKind::right) {
    return std::invoke(function, left, *right);
  } else {
    return std::invoke(function, left, right);
  }
}

template <JoinKind kind, class F, class Left, class Right>
constexpr bool check_join_function() {
  if constexpr (kind == JoinKind::inner) {
    static_assert(std::is_invocable_v<F&, const Left&, const Right&>,
                  "wallaroo: the function of an inner join takes (const Left&, const Right&)");
  } else if constexpr (kind == JoinKind::left) {
    static_assert(std::is_invocable_v<F&, const Left&, const Right*>,
                  "wallaroo: the function of a left join takes (const Left&, const Right*), the "
                  "second null for a record without a partner");
  } else if constexpr (kind == JoinKind::right) {
    static_assert(std::is_invocable_v<F&, const Left*, const Right&>,
                  "wallaroo: the function of a right join takes (const Left*, const Right&), the "
                  "first null for a record without a partner");
  } else {
    static_assert(std::is_invocable_v<F&, const Left*, const Right*>,
                  "wallaroo: the function of a full join takes (const Left*, const Right*), one of "
                  "them null for a record without a partner");
  }
  return true;
}

inline void add_counts(StageMetrics& metrics, const JoinCounts& now, const JoinCounts& before) {
  metrics.join_pairs.add(now.matched - before.matched);
  metrics.join_unpaired.add(now.unmatched - before.unmatched);
  metrics.join_buffered_records.set(static_cast<std::int64_t>(now.buffered));
}

template <class Key, class Left, class Right>
struct JoinState final : JoinSet<Key, Left, Right>, StageState {
  using Set = JoinSet<Key, Left, Right>;
  using Set::Set;
  std::vector<StatePart*> parts() override { return Set::parts(); }
  std::string instance_schema() const override { return schema_text<JoinClock::Saved>(); }
  std::string save_instance(std::int64_t) override { return store_one(Set::saved()); }
  void load_instances(const SavedInstances& instances, std::int64_t) override {
    Set::restore(load_clocks(instances), instances.owners);
    Set::restored();
  }
  static std::vector<JoinClock::Saved> load_clocks(const SavedInstances& instances) {
    if (instances.schema != schema_text<std::int64_t>()) {
      return load_all<JoinClock::Saved>(instances);
    }
    std::vector<JoinClock::Saved> clocks;  // from versions that stored only the watermark
    for (const std::int64_t watermark : load_all<std::int64_t>(instances)) {
      clocks.push_back({watermark, watermark});
    }
    return clocks;
  }
};

template <JoinKind join_kind, class F, class Left, class Right, class Key, bool SplitLate>
class JoinStep : public SetStep<JoinState<Key, Left, Right>, JoinCounts> {
  using State = JoinState<Key, Left, Right>;
  using Base = SetStep<State, JoinCounts>;

 public:
  static_assert(check_join_function<join_kind, F, Left, Right>());

  using Record = EitherSide<Left, Right>;
  using Returned = std::remove_cvref_t<decltype(invoke_join<join_kind>(
      std::declval<F&>(), std::declval<const Left*>(), std::declval<const Right*>()))>;
  static_assert(!std::is_void_v<Returned> && !is_vector<Returned>,
                "wallaroo: the function of a join returns its output, T or std::optional<T>");
  using Result = typename OutputsOf<Returned>::type;
  static_assert(!holds_views<Result>,
                "wallaroo: the output of a join must own its bytes: the records that it is made of "
                "may be gone before it arrives");
  using Output = std::conditional_t<SplitLate, std::variant<Result, Late<Record>>, Result>;
  static constexpr StageKind kind = StageKind::join;
  static constexpr OutputOf output = OutputOf::records;

  struct Spec {
    StageId stage;
    JoinSettings settings;
    F function;
  };

  JoinStep(const Spec& spec, const SegmentContext& context)
      : Base(context.stages.at(spec.stage), spec.settings.timeout_ns.has_value(),
             std::make_unique<State>(spec.settings)),
        function_(spec.function) {}

  template <Pass pass, class KeyTime, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally,
                                    const KeyTime& key_time, R&& record, Next&& next) {
    constexpr bool timed = pass == Pass::timed;
    CallTimer<timed> timer(context, stage_->call);
    Out<std::remove_reference_t<Next>, timed> out{this, &context, &tally, &next, &timer};
    const auto& key = key_part(key_time);
    const std::int64_t time_ns = time_of(context, key_time);
    Record side(std::forward<R>(record));
    if (side.index() == 0) {
      set_->on_left(key.hash, key.key, time_ns, std::get<0>(std::move(side)), out);
    } else {
      set_->on_right(key.hash, key.key, time_ns, std::get<1>(std::move(side)), out);
    }
    timer.stop();
  }

  Watermark set_watermark(Watermark in) {
    this->tell_watermark(in);
    const bool empty = set_->counts().buffered == 0;
    return {behind(in.time_ns, empty), in.idle && empty};
  }

  template <class Next>
  bool fire(ChainContext& context, std::uint64_t& tally, Next& next) {
    Out<Next, true> out{this, &context, &tally, &next, nullptr};
    return set_->fire_due(records_per_slice, out);
  }

  template <class Next>
  void on_time(ChainContext&, std::int64_t now_ns, std::uint64_t&, Next&) {
    this->time_is_told();
    set_->on_time(now_ns);
  }

 private:
  using Base::set_;
  using Base::stage_;

  template <class Side>
  static constexpr bool check_side() {
    if constexpr (!holds_views<Side>) {  // JoinSet reports records with views
      return check_storable<Side>();
    }
    return true;
  }
  static_assert(check_side<Left>() && check_side<Right>());

  /// Few enough that records that leave together delay others by less than a millisecond.
  static constexpr std::size_t records_per_slice = 512;

  template <class Next, bool timed>
  struct Out {
    JoinStep* step;
    ChainContext* context;
    std::uint64_t* tally;
    Next* next;
    CallTimer<timed>* of_record;  ///< times the record, without its outputs; null without a record

    void pair(const Key& key, std::int64_t time_ns, const Left& left, const Right& right) {
      emit(key, time_ns, &left, &right);
    }
    void left_alone(const Key& key, std::int64_t time_ns, Left&& left) {
      if constexpr (join_kind == JoinKind::left || join_kind == JoinKind::full) {
        emit(key, time_ns, &left, static_cast<const Right*>(nullptr));
      }
    }
    void right_alone(const Key& key, std::int64_t time_ns, Right&& right) {
      if constexpr (join_kind == JoinKind::right || join_kind == JoinKind::full) {
        emit(key, time_ns, static_cast<const Left*>(nullptr), &right);
      }
    }
    void late_left(const Key& key, std::int64_t time_ns, Left&& left) {
      if constexpr (SplitLate) {
        pass_on(key, time_ns,
                Output(Late<Record>{Record(std::in_place_index<0>, std::move(left))}));
      }
    }
    void late_right(const Key& key, std::int64_t time_ns, Right&& right) {
      if constexpr (SplitLate) {
        pass_on(key, time_ns,
                Output(Late<Record>{Record(std::in_place_index<1>, std::move(right))}));
      }
    }

    template <class Side>
    [[gnu::noinline, gnu::cold]] void came_late(const LateArrival& arrival, const Side& record) {
      context->losses.late(*step->stage_, arrival, step->set_->watermark(), record);
    }

    void emit(const Key& key, std::int64_t time_ns, const Left* left, const Right* right) {
      std::optional<Result> made;
      try {
        CallTimer<timed> timer(*context, step->stage_->output);
        made = invoke_join<join_kind>(step->function_, left, right);
        timer.stop();
      } catch (...) {
        step->fail(*context, left, right);
        return;
      }
      if (made) {
        pass_on(key, time_ns, Output(*std::move(made)));
      }
    }
    void pass_on(const Key& key, std::int64_t time_ns, Output&& output) {
      ++*tally;
      if (timed && of_record != nullptr) {
        of_record->pause();
      }
      (*next)(At<KeyRef<const Key&>>{{hash_key(key), key}, time_ns}, std::move(output));
      if (timed && of_record != nullptr) {
        of_record->resume();
      }
    }
  };

  [[gnu::noinline, gnu::cold]] void fail(ChainContext& context, const Left* left,
                                         const Right* right) {
    context.failures.handle(*stage_, FailureHandler::current_error(), failed_pair(left, right));
  }

  // The watermark behind this step; temporal.hpp describes the end.
  std::int64_t behind(std::int64_t in_ns, bool empty) {
    if (in_ns == end_of_time) {
      return empty ? end_of_time : passed_ns_;
    }
    passed_ns_ = set_->watermark() == end_of_time ? set_->output_watermark_at(in_ns)
                                                  : set_->output_watermark();
    return passed_ns_;
  }

  F function_;
  std::int64_t passed_ns_ = no_time;  ///< the last watermark behind this step before the end
};

}  // namespace wallaroo::internal
