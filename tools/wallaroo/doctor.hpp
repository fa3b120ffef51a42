// `wallaroo doctor URL` and `wallaroo top URL`: look at a running application.
#pragma once

#include <string>

namespace wallaroo::tool {

/// Prints what may be wrong with the application. Returns the exit code: 0 when nothing is, 1 when
/// something is. Throws wallaroo::Error when nobody answers.
int examine_application(const std::string& url, bool json);

struct TopRequest {
  std::string url;
  bool once = false;  ///< ends after the first picture
  bool json = false;  ///< a line of JSON for each picture
};
/// Shows the verdict and all stages, again each second, until it is interrupted or the application
/// ends.
int show_top(const TopRequest& request);

}  // namespace wallaroo::tool
