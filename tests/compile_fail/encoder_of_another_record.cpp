// expect: this sink's encoder does not take the record type of the stage before it
#include "common.hpp"

void build(Application& app) {
  app.source("in", trades()).to_sink("out", wallaroo::file_sink({.path = "-"}, [](const Order& o) {
                                       return o.symbol;
                                     }));
}
