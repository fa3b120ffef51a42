// expect: the function of a right join takes (const Left*, const Right&)
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a").join(stamped(app, "b")).within(0s, 1s).right().to("pairs", both);
}
