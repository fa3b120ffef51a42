// expect: distinct and most_frequent need values that are integers, enums, strings
#include "aggregation_cases.hpp"

std::vector<int> numbers(const Order&);

void build() { wallaroo::distinct(numbers); }
