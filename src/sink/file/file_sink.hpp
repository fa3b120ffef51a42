// A sink that writes records to files or to standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "sink/file/file_committed.hpp"
#include "sink/file/file_roll.hpp"
#include "sink/file/output_file.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// With checkpoints a regular file gets records when they are committed; anything else gets them at
/// once.
class FileSink final : public ByteSink {
 public:
  FileSink(std::string name, FileSinkOptions options);

  /// Throws if the file does not hold what was committed.
  void recover(const SinkRecovery& recovery) override;
  void open() override;
  /// Throws ConfigError: a file has no host and port.
  void set_address(const std::string& address) override;
  WrittenFiles files() const override;
  std::string address() const override { return options_.path; }
  std::unique_ptr<SinkWriter> writer(const WriterContext& context) override;

 private:
  void check_options() const;
  bool regular() const;
  RollLimits limits() const;
  void open_stream();
  void open_committed();
  FileTransaction transaction() const;
  void check_options_of(const FileTransaction& transaction) const;
  void check_new_file() const;
  void require_alone();
  void go_on();

  std::string name_;
  FileSinkOptions options_;
  std::optional<SinkRecovery> recovery_;
  std::optional<CommittedFiles> committed_;  ///< only if the sink commits
  FileDescriptor lock_;                      ///< on the committed file, unless the sink rolls
  std::optional<OutputFile> file_;           ///< only if the sink does not commit
  FileEnd end_;                              ///< where the writer goes on
};

}  // namespace wallaroo::internal
