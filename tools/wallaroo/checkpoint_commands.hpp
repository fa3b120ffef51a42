// `wallaroo checkpoints`: what an operator wants to know of a checkpoint directory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace wallaroo::tool {

/// Each prints to standard output, what is wrong to standard error, and returns the program's exit
/// code: 0 all is well, 1 something is damaged or not there. They throw wallaroo::Error when they
/// cannot do it.

int list_checkpoints(const std::string& directory, bool json);

/// `id`: a number or "latest"; empty: all, of which there must be one.
int verify_checkpoints(const std::string& directory, const std::string& id);

struct ShowRequest {
  std::string directory;
  std::string id;
  std::string stage;
  /// As the key's JSON text, or the plain text of a key that is a string. Nothing: all keys.
  std::optional<std::string> key;
};
/// A line of JSON for each key of each part, and for what is kept once per executor.
int show_state(const ShowRequest& request);

int prune_checkpoints(const std::string& directory, std::size_t retain);

}  // namespace wallaroo::tool
