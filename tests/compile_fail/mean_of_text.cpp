// expect: mean and variance need numbers (integers or floating point)
#include "aggregation_cases.hpp"

void build() { wallaroo::mean(&Order::symbol); }
