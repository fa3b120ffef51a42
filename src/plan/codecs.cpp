#include <wallaroo/codecs.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace wallaroo {

namespace {

// Boost.JSON writes any bytes but reads only UTF-8.
bool is_utf8(const std::string& text) {
  boost::system::error_code wrong;
  boost::json::parse(boost::json::serialize(boost::json::string(text)), wrong);
  return !wrong;
}

// Each byte becomes the character with that number.
std::string latin1_as_utf8(const std::string& raw) {
  std::string text;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return text;
}

std::string readable(const std::string& text) {
  return is_utf8(text) ? text : latin1_as_utf8(text);
}

}  // namespace

std::string dead_letter_json(const DeadLetter& letter) {
  std::string json = boost::json::serialize(
      boost::json::object{{"stage", readable(letter.stage)},
                          {"error", readable(letter.error)},
                          {"origin", readable(letter.origin)},
                          {"encoding", is_utf8(letter.record) ? "utf-8" : "latin-1"},
                          {"record", readable(letter.record)}});
  json += '\n';
  return json;
}

}  // namespace wallaroo
