// expect: a computation that takes Timers& is an object with a member on_timer(const Key&, State&,
#include "time_cases.hpp"

struct Wrong {
  void operator()(const Order&, int& count, wallaroo::Timers&, Emitter<int>& emit) {
    emit(++count);
  }
  void on_timer(const std::string&, int&, const wallaroo::Timer&) {}
};

void build(Application& app) { stamped(app, "a").to("timers", Wrong{}).to_sink("out", discard()); }
