// expect: a computation that takes Timers& is an object with a member on_timer(const Key&, State&,
#include "time_cases.hpp"

struct Wrong {
  int operator()(const Order&, int& count, wallaroo::Timers&) { return ++count; }
  int on_timer(const std::vector<int>&, int& count, const wallaroo::Timer&) { return count; }
};

void build(Application& app) { stamped(app, "a").to("timers", Wrong{}).to_sink("out", discard()); }
