#include <wallaroo/run.hpp>

namespace wallaroo {

std::string_view version() { return WALLAROO_VERSION; }

}  // namespace wallaroo
