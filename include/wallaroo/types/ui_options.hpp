// These options decide what the metrics UI of an application shows.
#pragma once

#include <string>
#include <vector>

namespace wallaroo {

/// A setting of a program and where its value comes from, as the UI shows it.
struct FlagValue {
  std::string name;    ///< "checkpoint-dir"
  std::string value;   ///< as text; empty: none
  std::string origin;  ///< "default", "file", "command line" or "program"
  std::string file = {};
  std::string help = {};
};

/// The pages at `EngineOptions::http`.
struct UiOptions {
  /// Further names under which browsers reach the address. Requests for other names are refused,
  /// but addresses, `localhost` and the host of the address are always right.
  std::vector<std::string> host_names = {};
  /// Keys, and the beginning of records that were refused, are shown.
  bool show_records = false;
  /// The program's settings; empty: the engine's options are shown in their place.
  std::vector<FlagValue> flags = {};
};

}  // namespace wallaroo
