// Plans that load values that were stored with another schema into today's type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "record/stored/schema.hpp"
#include "record/stored/stored_schema.hpp"

namespace wallaroo::internal {

/// How to load the values of one schema; made once for all of them.
struct LoadPlan {
  enum class How : std::uint8_t {
    as_now,    ///< the schema is that of today's type
    guided,    ///< the version is today's; `parts` has a plan for each part that was stored
    previous,  ///< the version is older; `parts` has the plan for Migration<T>::Previous
  };
  How how = How::as_now;
  std::uint64_t least_bytes = 1;  ///< of a stored value
  std::vector<LoadPlan> parts;
};

/// The part of a type for which a plan is being made, for error messages; the outermost part first.
using PartPath = std::vector<std::string>;

[[noreturn]] void throw_misfit(const PartPath& path, const Schema& stored, const Schema& now,
                               const std::string& what);

template <class T>
LoadPlan plan_for(const Schema& stored, PartPath& path);

template <class T>
[[noreturn]] void misfit(const PartPath& path, const Schema& stored, const std::string& what) {
  throw_misfit(path, stored, schema_of<T>(), what);
}

template <class T, std::size_t I>
LoadPlan plan_for_part(const Schema& stored, std::string name, PartPath& path) {
  path.push_back(std::move(name));
  LoadPlan plan = plan_for<PartOf<T, I>>(stored, path);
  path.pop_back();
  return plan;
}

/// Makes the plans for the stored parts, which are the first parts of T. Error messages call each
/// part `name` followed by its number.
template <class T>
std::vector<LoadPlan> plan_first_parts(const Schema& stored, const char* name, PartPath& path) {
  std::vector<LoadPlan> plans;
  const auto add = [&]<std::size_t I>() {
    if (I < stored.parts().size()) {
      plans.push_back(
          plan_for_part<T, I>(stored.part(I), std::string(name) + std::to_string(I), path));
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (add.template operator()<I>(), ...); }
  (std::make_index_sequence<PartsOf<T>::size>{});
  return plans;
}

template <class T, std::size_t... I>
constexpr bool braces_take(std::index_sequence<I...>) {
  return requires(PartOf<T, I>... parts) { T{std::move(parts)...}; };
}
/// True when T can be made of its first `count` fields and the defaults of the others.
template <class T, std::size_t count>
constexpr bool is_made_of_first() {
  if constexpr (stored_form<T>() == StoredForm::record) {
    return braces_take<T>(std::make_index_sequence<count>{});
  } else {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return ((I < count || std::is_default_constructible_v<PartOf<T, I>>)&&...);
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  }
}
template <class T>
bool can_be_made_of_first(std::size_t count) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return ((I == count && is_made_of_first<T, I>()) || ...);
  }
  (std::make_index_sequence<PartsOf<T>::size + 1>{});
}

template <class T>
std::vector<LoadPlan> plan_fields(const Schema& stored, PartPath& path) {
  const std::size_t count = stored.parts().size();
  if (stored.kind() != SchemaKind::record) {
    misfit<T>(path, stored, "");
  }
  if (count > PartsOf<T>::size) {
    misfit<T>(path, stored, "fields were removed");
  }
  if (!can_be_made_of_first<T>(count)) {
    misfit<T>(path, stored, "an appended field has no default");
  }
  return plan_first_parts<T>(stored, "field ", path);
}

template <class T>
std::vector<LoadPlan> plan_alternatives(const Schema& stored, PartPath& path) {
  if (stored.kind() != SchemaKind::variant) {
    misfit<T>(path, stored, "");
  }
  if (stored.parts().size() > PartsOf<T>::size) {
    misfit<T>(path, stored, "alternatives were removed");
  }
  return plan_first_parts<T>(stored, "alternative ", path);
}

/// Makes the plans for the parts of a value of today's version.
template <class T>
std::vector<LoadPlan> plan_parts(const Schema& stored, PartPath& path) {
  constexpr StoredForm form = stored_form<T>();
  std::vector<LoadPlan> plans;
  const auto require = [&](SchemaKind kind) {
    if (stored.kind() != kind) {
      misfit<T>(path, stored, "");
    }
  };
  if constexpr (form == StoredForm::record || form == StoredForm::tuple) {
    return plan_fields<T>(stored, path);
  } else if constexpr (form == StoredForm::variant) {
    return plan_alternatives<T>(stored, path);
  } else if constexpr (form == StoredForm::optional) {
    require(SchemaKind::optional);
    plans.push_back(plan_for_part<T, 0>(stored.part(0), "the value", path));
  } else if constexpr (form == StoredForm::array) {
    if (stored.kind() != SchemaKind::array || stored.number() != std::tuple_size_v<T>) {
      misfit<T>(path, stored, "");
    }
    plans.push_back(plan_for_part<T, 0>(stored.part(0), "each element", path));
  } else if constexpr (form == StoredForm::set || form == StoredForm::sequence) {
    require(SchemaKind::list);
    plans.push_back(plan_for_part<T, 0>(stored.part(0), "each element", path));
  } else if constexpr (form == StoredForm::map) {
    require(SchemaKind::map);
    plans.push_back(plan_for_part<T, 0>(stored.part(0), "each key", path));
    plans.push_back(plan_for_part<T, 1>(stored.part(1), "each value", path));
  } else {
    misfit<T>(path, stored, "");
  }
  return plans;
}

template <class T>
LoadPlan plan_for_version(const Schema& stored, PartPath& path) {
  using How = LoadPlan::How;
  constexpr std::uint32_t now = Migration<T>::version;
  if (stored.version() > now) {
    misfit<T>(path, stored, "it was stored by a later version of the program");
  }
  if (stored.version() < now) {
    using Previous = typename Migration<T>::Previous;
    return {How::previous, stored.least_bytes(), {plan_for<Previous>(stored, path)}};
  }
  const Schema& body = stored.part(0);
  if constexpr (stored_form<T>() == StoredForm::converted) {
    return {How::guided, stored.least_bytes(), {plan_for<PartOf<T>>(body, path)}};
  } else {
    return {How::guided, stored.least_bytes(), plan_parts<T>(body, path)};
  }
}

/// Makes the plan for T. Throws StoredError when no rule converts values of the schema to T.
template <class T>
LoadPlan plan_for(const Schema& stored, PartPath& path) {
  using How = LoadPlan::How;
  if (stored == schema_of<T>()) {
    return {How::as_now, stored.least_bytes(), {}};
  } else if constexpr (HasMigration<T>) {
    return plan_for_version<T>(stored, path);
  } else if constexpr (stored_form<T>() == StoredForm::converted) {
    return {How::guided, stored.least_bytes(), {plan_for<PartOf<T>>(stored, path)}};
  } else {
    return {How::guided, stored.least_bytes(), plan_parts<T>(stored, path)};
  }
}

}  // namespace wallaroo::internal
