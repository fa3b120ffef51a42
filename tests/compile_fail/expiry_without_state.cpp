// expect: only a state computation, f(const Record&, State&, ...), has timers or state that expires
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a")
      .to("count", wallaroo::stateful([](const Order&) { return 1; }).expire_after(1s))
      .to_sink("out", discard());
}
