// Shared by the tests of the file sink that commits: a sink for which the test is the coordinator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sink/file/file.rig.hpp"
#include "sink/file/file_roll.hpp"
#include "sink/file/file_sink.hpp"
#include "sink/sink.rig.hpp"

namespace wallaroo::internal {

/// The answers of a writer.
struct Answers final : TransactionListener {
  void prepared(std::uint64_t checkpoint, std::string bytes) override {
    votes[checkpoint] = std::move(bytes);
  }
  void committed(std::uint64_t checkpoint) override { commits.push_back(checkpoint); }
  void roll_back(std::string reason) override { refusals.push_back(std::move(reason)); }

  bool has_committed(std::uint64_t checkpoint) const {
    return !commits.empty() && commits.back() == checkpoint;
  }

  std::map<std::uint64_t, std::string> votes;
  std::vector<std::uint64_t> commits;
  std::vector<std::string> refusals;
};

/// One run of a sink, from its recovery to its crash, which is the destructor.
template <class ClockType = SteadyClock>
struct CommittingRun : SinkWorld<ClockType> {
  CommittingRun(const FileSinkOptions& options, const SinkRecovery& recovery)
      : sink("totals", options) {
    sink.recover(recovery);
    sink.open();
    writer = sink.writer(this->context(&answers));
    writer->start();
  }

  void write(const std::vector<std::string>& records) {
    const auto batch = batch_of(records);
    writer->write(*batch);
    EXPECT_EQ(batch->size(), 0U);
  }
  /// Returns the vote.
  std::string prepare(std::uint64_t number) {
    writer->prepare(number);
    EXPECT_TRUE(this->poll_until(
        [&] { return answers.votes.contains(number) || !answers.refusals.empty(); }));
    return answers.votes[number];
  }
  void commit(std::uint64_t number) {
    writer->commit(number);
    EXPECT_TRUE(this->poll_until(
        [&] { return answers.has_committed(number) || !answers.refusals.empty(); }));
  }
  std::string checkpoint(std::uint64_t number) {
    writer->barrier(number);
    std::string vote = prepare(number);
    commit(number);
    return vote;
  }

  FileSink sink;
  Answers answers;
  std::unique_ptr<SinkWriter> writer;
};

inline bool rolls(const FileSinkOptions& options) {
  return options.roll_bytes != 0 || options.roll_every.count() != 0;
}

/// The files of a sink, in order.
inline std::vector<std::string> files_of(const FileSinkOptions& options) {
  std::vector<std::string> files;
  if (!rolls(options)) {
    return {content(options.path)};
  }
  for (std::uint64_t i = 1; std::filesystem::exists(file_of(options.path, i)); ++i) {
    files.push_back(content(file_of(options.path, i)));
  }
  return files;
}
/// The content of all files of a sink, as a reader sees it.
inline std::string visible(const FileSinkOptions& options) {
  std::string all;
  for (const std::string& file : files_of(options)) {
    all += file;
  }
  return all;
}

inline std::size_t part_files(const std::string& path) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    count += entry.path().filename().string().starts_with(".") ? 1 : 0;
  }
  return count;
}

}  // namespace wallaroo::internal
