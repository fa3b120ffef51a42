// Runs a query on the engine.
#pragma once

#include <string>
#include <vector>

#include "nexmark/queries.hpp"
#include "support/program.hpp"

namespace wallaroo::bench::nexmark {

/// Throws std::invalid_argument when there is no query of this number.
const Query& query_of(int number);

/// Times a query; the result's records are events. The checksum is equal for equal inputs.
Result run_query(const Query& query, const Input& input);

/// Runs a query and throws std::runtime_error, which shows the first line that differs, when the
/// result is not that of the reference.
Result check_query(const Query& query, const Input& input);

/// Compares the two results, both sorted, for `check_query`.
void require_equal(const std::vector<std::string>& ours, const std::vector<std::string>& expected);

}  // namespace wallaroo::bench::nexmark
