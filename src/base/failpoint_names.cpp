// The names of all failpoints and deliberate bugs. Hitting one that is missing here throws.
#include <algorithm>
#include <array>
#include <string>

#include "base/failpoint.hpp"

namespace wallaroo::internal {

namespace {

struct Listed {
  std::string_view name;
  std::string_view what;
};

/// Each stands for two failpoints, `.before` and `.after`.
constexpr std::array steps{
    Listed{"store.data.create", "makes the data file of a checkpoint that begins"},
    Listed{"store.data.write", "appends a block of state"},
    Listed{"store.data.fsync", "makes the bytes of the data file durable"},
    Listed{"store.data.directory.fsync", "makes the name of the data file durable"},
    Listed{"store.manifest.create", "makes the temporary file of the manifest"},
    Listed{"store.manifest.write", "writes the manifest"},
    Listed{"store.manifest.fsync", "makes its bytes durable"},
    Listed{"store.manifest.rename", "gives it its name: the checkpoint is complete"},
    Listed{"store.manifest.directory.fsync", "makes that name durable"},
    Listed{"store.abandon.remove", "removes the data file of a checkpoint that is given up"},
    Listed{"store.prune.manifest.remove", "removes the manifest of an old checkpoint"},
    Listed{"store.prune.directory.fsync", "makes that durable before data files go"},
    Listed{"store.prune.data.remove", "removes a file that no manifest refers to"},
    Listed{"checkpoint.begin", "the executors are asked to begin"},
    Listed{"checkpoint.saved", "all tasks have reported; the data file becomes durable"},
    Listed{"checkpoint.prepare", "the sinks are asked to prepare (phase 1)"},
    Listed{"checkpoint.manifest", "the manifest is published"},
    Listed{"checkpoint.commit", "the sinks are asked to commit (phase 2)"},
    Listed{"checkpoint.ack", "the sources acknowledge upstream"},
    Listed{"sink.file.create", "a file sink makes a file"},
    Listed{"sink.file.write", "a file sink writes records"},
    Listed{"sink.file.fsync", "a file sink makes what it wrote durable"},
    Listed{"sink.file.copy", "a file sink appends committed records to the final file"},
    Listed{"sink.file.truncate", "a file sink cuts off what was not committed"},
    Listed{"sink.file.directory.fsync", "a file sink makes the names of its files durable"},
    Listed{"sink.file.remove", "a file sink removes what was not committed"},
    Listed{"sink.file.prepare", "a file sink votes"},
    Listed{"sink.file.commit", "a file sink commits"},
    Listed{"sink.file.recover", "a file sink finishes what was in doubt"},
    Listed{"sink.connector.send", "records go to an external connector"},
    Listed{"sink.connector.prepare", "an external connector is asked to vote"},
    Listed{"sink.connector.vote", "an external connector has agreed; the engine is told"},
    Listed{"sink.connector.commit", "an external connector is told to commit"},
    Listed{"sink.connector.recover", "an external connector is told what was in doubt"},
    Listed{"source.position", "a source notes its position for the barrier"},
    Listed{"source.restore", "a source goes back to its position"},
    Listed{"source.ack", "a source tells its peer what need not be sent again"},
};

constexpr std::array mutations{
    Listed{"skip_data_fsync_barrier", "the manifest is written before the data file is durable"},
    Listed{"commit_before_complete", "sinks commit before the manifest is there"},
    Listed{"forget_key_group", "the manifest leaves out a key group"},
    Listed{"replay_too_late", "sources go back to behind their position"},
    Listed{"restore_wrong_block", "a restore reads the block beside the right one"},
    Listed{"skip_alignment", "a segment does not wait for the barrier of all inputs"},
    Listed{"ack_before_complete", "sources acknowledge before the checkpoint is complete"},
    Listed{"lose_dirty_after_abandon", "an abandoned checkpoint counts as saved"},
    Listed{"prune_referenced_data", "a data file is deleted although a manifest refers to it"},
};

std::vector<std::string> failpoints_of_steps() {
  std::vector<std::string> names;
  for (const Listed& step : steps) {
    names.push_back(std::string(step.name) + ".before");
    names.push_back(std::string(step.name) + ".after");
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

const std::vector<std::string_view>& failpoint_names() {
  static const std::vector<std::string> names = failpoints_of_steps();
  static const std::vector<std::string_view> views(names.begin(), names.end());
  return views;
}

const std::vector<std::string_view>& mutation_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Listed& listed : mutations) {
      all.push_back(listed.name);
    }
    return all;
  }();
  return names;
}

}  // namespace wallaroo::internal
