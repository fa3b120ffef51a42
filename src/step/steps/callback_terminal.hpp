// The end of a chain at a sink that is a function of the user.
#pragma once

#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include "step/steps/terminal.hpp"

namespace wallaroo::internal {

/// Calls the function of the user that is the sink.
template <class T, class Callback>
class CallbackTerminal {
 public:
  static constexpr bool transports_views = false;
  static_assert(std::is_invocable_v<Callback&, const T&>,
                "wallaroo: this callback sink's function does not take the record type of the "
                "stage before it");
  struct Spec {
    StageId stage;
    Callback callback;
  };
  CallbackTerminal(const Spec& spec, const SegmentContext& context, OutletCursor&)
      : callback_(spec.callback), stage_(context.stages.at(spec.stage)) {}

  /// A small plain object is copied to a local variable during a batch. Its members can then stay
  /// in registers, since no other store in the loop can change them.
  static constexpr bool local = std::is_trivially_copyable_v<Callback> &&
                                !std::is_empty_v<Callback> && std::is_object_v<Callback> &&
                                std::is_class_v<Callback> && sizeof(Callback) <= 64;

  struct Local {
    CallbackTerminal* terminal;
    Callback callback;

    explicit Local(CallbackTerminal* self) : terminal(self), callback(self->callback_) {}
    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;
    ~Local() { write_back(); }

    template <Pass pass, class KeyPart, class Record>
    [[gnu::always_inline]] void accept(ChainContext& context, const KeyPart&, Record&& record) {
      guarded(context, *terminal->stage_, record, [&] {
        CallTimer<pass == Pass::timed> timer(context, terminal->stage_->call);
        std::invoke(callback, std::as_const(record));
        timer.stop();
      });
    }

   private:
    void write_back() {
      if constexpr (local) {
        new (&terminal->callback_) Callback(callback);
      }
    }
  };

  auto open(ChainContext&) {
    if constexpr (local) {
      return Local(this);
    } else {
      return Direct<CallbackTerminal>{this};
    }
  }

  template <Pass pass, class KeyPart, class Record>
  [[gnu::always_inline]] void accept(ChainContext& context, const KeyPart&, Record&& record) {
    guarded(context, *stage_, record, [&] {
      CallTimer<pass == Pass::timed> timer(context, stage_->call);
      std::invoke(callback_, std::as_const(record));
      timer.stop();
    });
  }
  void flush(bool) {}
  void finish() {
    if constexpr (requires(Callback & callback) { callback.finish(); }) {
      callback_.finish();
    }
  }
  template <class Visit>
  void for_each_stage(Visit&& visit) {
    visit(*stage_);
  }

 private:
  Callback callback_;
  StageRuntime* stage_;
};

}  // namespace wallaroo::internal
