// expect: the output of a join must own its bytes
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a")
      .join(stamped(app, "b"))
      .within(0s, 1s)
      .to("pairs", [](const Order& a, const Order&) { return std::string_view(a.symbol); });
}
