// The files of the UI's pages, which the build puts into the library.
#pragma once

#include <span>
#include <string_view>

namespace wallaroo::internal {

/// A file as it is served. All members refer to memory that lives as long as the program.
struct UiAsset {
  std::string_view path;   ///< "/" for the first page, "/ui/app.js" for others
  std::string_view type;   ///< "text/javascript; charset=utf-8"
  std::string_view bytes;  ///< as they are
  std::string_view gzip;   ///< the same compressed; empty where that saves nothing
  std::string_view etag;   ///< a hash of the bytes, without quotes
};

/// All of them, sorted by path. The build generates the definition; in a build without the pages it
/// returns nothing.
std::span<const UiAsset> ui_assets();

}  // namespace wallaroo::internal
