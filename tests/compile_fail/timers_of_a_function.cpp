// expect: a computation that takes Timers& is an object with a member on_timer(const Key&, State&,
#include "time_cases.hpp"

void build(Application& app) {
  stamped(app, "a")
      .to("timers",
          [](const Order&, int& count, wallaroo::Timers& timers) {
            timers.after(1s);
            return ++count;
          })
      .to_sink("out", discard());
}
