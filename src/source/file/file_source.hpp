// A source that reads files, or standard input, to their end.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/connector_options.hpp>

#include "source/file/file_plan.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Executor 0 reads all files. If it reads them one after the other, they are one partition, and
/// all records keep their order. Several files of a stream with event time are a partition each,
/// and are read side by side.
class FileSource final : public Source {
 public:
  /// Throws ConfigError for options that make no sense.
  FileSource(std::string name, FileSourceOptions options);

  std::string_view kind() const override { return "File Source"; }
  void open() override;
  /// Replaces all configured paths by this one; "-" is standard input.
  void set_address(const std::string& address) override;
  bool set_paths(const std::vector<std::string>& paths) override;
  void set_event_time(bool has_it) override { plan_.event_time = has_it; }
  /// Goes back to the positions that executor 0 saved, wherever the files are now.
  void restore(std::vector<SourcePosition> positions) override;
  /// The paths, with commas between them.
  std::string address() const override;
  std::vector<std::string> files() const override;
  std::unique_ptr<SourceReader> reader(int index, int executors,
                                       const ReaderContext& context) override;

 private:
  FilePlan plan_;
};

}  // namespace wallaroo::internal
