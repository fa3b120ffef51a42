// expect: a key (or a field of one) has a == of its own but no std::hash
#include "aggregation_cases.hpp"

struct Symbol {
  std::string text;
  bool operator==(const Symbol& other) const { return text.size() == other.text.size(); }
};
Symbol symbol_of(const Order& order) { return {order.symbol}; }

void build() { wallaroo::distinct(symbol_of); }
