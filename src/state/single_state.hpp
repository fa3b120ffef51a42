// The state of a stage without keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/key.hpp"
#include "record/stored/stored_write.hpp"
#include "state/entry_failure.hpp"
#include "state/key_visitor.hpp"
#include "state/loading.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// One value, which every checkpoint saves, because its changes are not tracked. It is saved as the
/// only entry, with an empty key, of the group of NoKey.
template <class State>
class SingleState final : public StatePart {
 public:
  State value{};

  std::string_view name() const override { return "state"; }
  bool storable() const override { return is_storable<State>; }
  std::string key_schema() const override { return schema_text<NoKey>(); }
  std::string value_schema() const override { return schema_text<State>(); }
  std::vector<std::string> value_fields() const override { return schema_fields<State>(); }
  void visit_keys(KeyVisitor& visitor) override { KeysShown<NoKey>(visitor).show(NoKey{}); }

  void begin_save(const SaveStart&) override {
    if constexpr (is_storable<State>) {
      out_.clear();
      store(NoKey{}, out_);
      store(value, out_);
      waiting_ = true;
    }
  }
  bool save_some(std::size_t& budget, SectionSink& out) override {
    if (std::exchange(waiting_, false)) {
      out.section(key_group(hash_key(NoKey{})), out_.bytes(), 1);
      budget -= budget == 0 ? 0 : 1;
    }
    return false;
  }
  void abandon_save() override { waiting_ = false; }

  void begin_load(std::string_view key_schema, std::string_view value_schema,
                  std::int64_t) override {
    if constexpr (is_storable<State>) {
      loading_ = std::make_unique<Loading>(key_schema, value_schema);
    }
  }
  void load(const SavedGroup&, std::string_view bytes, std::uint32_t entries) override {
    if constexpr (is_storable<State>) {
      StoredReader in(bytes);
      for (std::uint32_t i = 0; i < entries; ++i) {
        loading_->key(in);
        value = load_value(NoKey{}, [&] { return loading_->value(in); });
      }
      check_at_end(in);
    }
  }
  void end_load() override { loading_.reset(); }

 private:
  using Loading = LoadingOf<NoKey, State>;

  StoredWriter out_;
  bool waiting_ = false;
  std::unique_ptr<Loading> loading_;
};

}  // namespace wallaroo::internal
