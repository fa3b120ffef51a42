// expect: the function of a left join takes (const Left&, const Right*)
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a").join(stamped(app, "b")).within(0s, 1s).left().to("pairs", both);
}
