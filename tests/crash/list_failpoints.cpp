// Prints `failpoint NAME` and `mutation NAME` for all that the build has, for the crash harness.
#include <iostream>

#include "base/failpoint.hpp"

int main() {
  if (!wallaroo::internal::failpoints_enabled) {
    return 0;
  }
  for (const auto name : wallaroo::internal::failpoint_names()) {
    std::cout << "failpoint " << name << '\n';
  }
  for (const auto name : wallaroo::internal::mutation_names()) {
    std::cout << "mutation " << name << '\n';
  }
}
