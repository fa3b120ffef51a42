#include "wallaroo/checkpoint_commands.hpp"

#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "wallaroo/opened_store.hpp"
#include "wallaroo/state_printer.hpp"

namespace wallaroo::tool {

namespace {

using internal::CheckpointStore;
using internal::Manifest;

bool verify_one(const CheckpointStore& store, const Manifest& manifest) {
  const std::vector<std::string> problems = store.damaged_blocks(manifest);
  for (const std::string& problem : problems) {
    fmt::print(stderr, "wallaroo: {}\n", problem);
  }
  if (problems.empty()) {
    fmt::print("checkpoint {}: whole, {} blocks of {} bytes\n", manifest.number,
               manifest.blocks.size(), stored_bytes_of(manifest));
  }
  return problems.empty();
}

}  // namespace

int verify_checkpoints(const std::string& directory, const std::string& id) {
  const CheckpointStore store = open_store(directory, CheckpointStore::Access::read);
  if (!id.empty()) {
    return verify_one(store, load_checkpoint(store, id)) ? 0 : 1;
  }
  const auto all = store.list();
  if (all.empty()) {
    throw IoError(
        fmt::format("there is no checkpoint in '{}' yet, so nothing to verify", directory));
  }
  bool whole = true;
  for (const internal::StoredCheckpoint& checkpoint : all) {
    if (!checkpoint.damage.empty()) {
      fmt::print(stderr, "wallaroo: checkpoint {}: {}\n", checkpoint.number, checkpoint.damage);
      whole = false;
    } else {
      whole = verify_one(store, checkpoint.manifest) && whole;
    }
  }
  return whole ? 0 : 1;
}

int show_state(const ShowRequest& request) {
  const CheckpointStore store = open_store(request.directory, CheckpointStore::Access::read);
  const Manifest manifest = load_checkpoint(store, request.id);
  const StatePrinter printer(store.reader(manifest), manifest, request.stage, request.key);
  if (printer.print(stdout) == 0 && request.key) {
    throw IoError(
        fmt::format("checkpoint {} has no key {} in stage '{}'; leave KEY out to see "
                    "how its keys are written",
                    manifest.number, *request.key, request.stage));
  }
  return 0;
}

int prune_checkpoints(const std::string& directory, std::size_t retain) {
  open_store(directory, CheckpointStore::Access::read);  // a mistyped directory is not made
  const internal::PruneResult result =
      open_store(directory, CheckpointStore::Access::write).prune(retain);
  fmt::print("removed {} checkpoints and {} data files of {} bytes\n", result.checkpoints,
             result.data_files, result.bytes);
  return 0;
}

}  // namespace wallaroo::tool
