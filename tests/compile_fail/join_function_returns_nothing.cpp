// expect: the function of a join returns its output, T or std::optional<T>
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a")
      .join(stamped(app, "b"))
      .within(0s, 1s)
      .to("pairs", [](const Order&, const Order&) {});
}
