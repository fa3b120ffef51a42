#include <wallaroo/codecs.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "step/describe.hpp"

namespace wallaroo {

namespace {

std::string printable(const std::string& bytes) {
  std::string escaped;
  internal::append_escaped(escaped, bytes);
  return escaped;
}

}  // namespace

std::string dead_letter_json(const DeadLetter& letter) {
  return boost::json::serialize(boost::json::object{{"stage", letter.stage},
                                                    {"error", printable(letter.error)},
                                                    {"origin", printable(letter.origin)},
                                                    {"record", printable(letter.record)}});
}

}  // namespace wallaroo
