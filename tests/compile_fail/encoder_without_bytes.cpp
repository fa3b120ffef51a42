// expect: an encoder returns its bytes as std::string or std::string_view, or writes them to a
// wallaroo::ByteWriter&
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders()).to_sink("out", wallaroo::file_sink({.path = "-"}, [](const Order& o) {
                                       return o.quantity;
                                     }));
}
