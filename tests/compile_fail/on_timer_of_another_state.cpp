// expect: a computation that takes Timers& is an object with a member on_timer(const Key&, State&,
#include "time_cases.hpp"

struct Wrong {
  int operator()(const Order&, int& count, wallaroo::Timers&) { return ++count; }
  int on_timer(const std::string&, std::string&, const wallaroo::Timer&) { return 1; }
};

void build(Application& app) { stamped(app, "a").to("timers", Wrong{}).to_sink("out", discard()); }
