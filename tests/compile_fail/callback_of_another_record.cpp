// expect: this callback sink's function does not take the record type of the stage before it
#include "common.hpp"

void build(Application& app) {
  app.source("in", trades()).to_sink("out", wallaroo::callback_sink([](const Order&) {}));
}
