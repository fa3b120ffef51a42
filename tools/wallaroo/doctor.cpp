#include "wallaroo/doctor.hpp"

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "wallaroo/api_client.hpp"

namespace wallaroo::tool {

namespace {

namespace json = boost::json;

/// The other machine's clock is somewhere between the request and the answer, and its sample up to
/// some seconds old.
json::object clock_check(const ApiDocument& document) {
  constexpr double tolerable_s = 5;
  const double theirs = document.value.at("time").to_number<double>();
  const double ahead = theirs > document.got ? theirs - document.got : 0;
  const double behind = theirs < document.asked ? document.asked - theirs : 0;
  const double offset = ahead > 0 ? ahead : behind;
  const bool wrong = offset > tolerable_s;
  return {{"check", "clock"},
          {"level", wrong ? "warn" : "ok"},
          {"text", wrong ? fmt::format("its clock is {:.0f} s {} this machine's: set both by NTP",
                                       offset, ahead > 0 ? "ahead of" : "behind")
                         : std::string("its clock agrees with this machine's")}};
}

const char* mark(std::string_view level) {
  return level == "ok" ? "ok   " : level == "warn" ? "WARN " : "ERROR";
}

}  // namespace

int examine_application(const std::string& url, bool as_json) {
  ApiDocument document = get_document(parse_url(url), "/api/v1/doctor");
  json::array& checks = document.value.as_object().at("checks").as_array();
  if (document.value.at("time").to_number<double>() > 0) {
    checks.push_back(clock_check(document));
  }
  bool well = true;
  for (const json::value& check : checks) {
    well = well && check.at("level").as_string() == "ok";
  }
  if (as_json) {
    fmt::print("{}\n", json::serialize(document.value));
    return well ? 0 : 1;
  }
  for (const json::value& check : checks) {
    fmt::print("{}  {:<12} {}\n", mark(std::string_view(check.at("level").as_string())),
               printable(check.at("check")), printable(check.at("text")));
  }
  return well ? 0 : 1;
}

}  // namespace wallaroo::tool
