#include "metrics/valid_utf8.hpp"

#include <boost/nowide/utf/convert.hpp>

namespace wallaroo::internal {

std::string valid_utf8(std::string_view text) {
  return boost::nowide::utf::convert_string<char>(text.data(), text.data() + text.size());
}

}  // namespace wallaroo::internal
