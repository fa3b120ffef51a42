// Runs properties of rapidcheck with a given number of cases, for tests.
#pragma once

#include <iostream>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace wallaroo::internal::property_rig {

/// Fails the test with the smallest counterexample found in `cases` random ones. RC_PARAMS sets the
/// seed; it is printed with the counterexample.
template <class Property>
void expect_property(const std::string& text, int cases, Property&& property) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = cases;
  rc::detail::TestMetadata metadata;
  metadata.id = text;
  metadata.description = text;
  const auto result = rc::detail::checkTestable(std::forward<Property>(property), metadata, params);
  if (!result.template is<rc::detail::SuccessResult>()) {
    rc::detail::printResultMessage(result, std::cerr);
    ADD_FAILURE() << text << " (seed " << params.seed << ")";
  }
}

}  // namespace wallaroo::internal::property_rig
