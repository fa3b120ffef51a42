// `wallaroo checkpoints`: lists, verifies, shows and prunes a checkpoint directory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace wallaroo::tool {

/// Each command prints to standard output, reports damage on standard error, and returns the
/// program's exit code: 0 when all is well, 1 when something is damaged or missing. It throws
/// wallaroo::Error when it cannot run.

int list_checkpoints(const std::string& directory, bool json);

/// `id` is a number, "latest", or empty for all checkpoints, of which there must be at least one.
int verify_checkpoints(const std::string& directory, const std::string& id);

struct ShowRequest {
  std::string directory;
  std::string id;
  std::string stage;
  /// The key's JSON text, or the plain text of a key that is a string. Empty: all keys.
  std::optional<std::string> key;
};
/// Prints a line of JSON for each key of each part, and for each value that an executor keeps once.
int show_state(const ShowRequest& request);

int prune_checkpoints(const std::string& directory, std::size_t retain);

}  // namespace wallaroo::tool
