// Finds out whether a class has a member of a certain name, whatever its type, so that messages can
// tell a missing member from a wrong one.
#pragma once

#include <type_traits>

namespace wallaroo::internal {

struct NamedInitialAccumulator {
  int initial_accumulator;
};
struct NamedUpdate {
  int update;
};
struct NamedCombine {
  int combine;
};
struct NamedOutput {
  int output;
};

// The name is ambiguous here, and so cannot be used, exactly when A has a member of that name too.
template <class A, class Named>
struct WithName : A, Named {};

template <class A, class Named>
constexpr bool has_name() {
  if constexpr (!std::is_class_v<A> || std::is_final_v<A>) {
    return true;  // no class can derive from it, so messages are less precise
  } else if constexpr (std::is_same_v<Named, NamedInitialAccumulator>) {
    return !requires { &WithName<A, Named>::initial_accumulator; };
  } else if constexpr (std::is_same_v<Named, NamedUpdate>) {
    return !requires { &WithName<A, Named>::update; };
  } else if constexpr (std::is_same_v<Named, NamedCombine>) {
    return !requires { &WithName<A, Named>::combine; };
  } else {
    return !requires { &WithName<A, Named>::output; };
  }
}

}  // namespace wallaroo::internal
