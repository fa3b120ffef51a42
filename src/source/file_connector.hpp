// Reads the files of a file source one after the other, on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/connector.hpp"
#include "source/file_input.hpp"
#include "source/file_position.hpp"
#include "source/frame_delivery.hpp"

namespace wallaroo::internal {

/// What a file connector goes on from.
struct FileResume {
  FilePosition position;
  std::string path;  ///< under which the position's file is now
};

/// What a file connector reads; belongs to its source.
struct FilePlan {
  std::string source;
  std::vector<std::string> paths;
  std::uint64_t repeat = 1;  ///< 0: for ever
  Framer framer;
  bool restored = false;
  std::optional<FileResume> resume = {};
};

class FileConnector final : public SourceConnector {
 public:
  FileConnector(const FilePlan& plan, const ConnectorContext& context);

  void start() override;
  bool poll() override;
  void stop() override;
  bool finished() const override { return finished_; }
  std::vector<SourcePosition> save(std::uint64_t number) override;

 private:
  /// A file being read.
  struct Current {
    Current(std::size_t path_index, const std::string& path, EventLoop& loop, BlockPool& pool)
        : index(path_index), input(path, loop), stream(display_name(path), pool) {}
    std::size_t index;
    FileInput input;
    ByteStream stream;
    std::uint64_t read_bytes = 0;
    bool ended = false;
  };

  bool open_next();
  void open_resumed();
  void warn_if_not_replayable();
  FilePosition position();
  FileIdentity identity();
  /// False when nothing can be read now.
  bool read(PollBudget& budget);
  void deliver(PollBudget& budget);
  void end_file();
  void end_stopped();
  bool waiting() const;
  std::uint64_t position_bytes() const;
  [[noreturn]] void refuse(std::string_view error);
  [[noreturn]] void fail(std::string_view error) const;

  const FilePlan& plan_;
  ConnectorContext context_;
  BlockPool pool_;
  FrameDelivery delivery_;
  std::optional<Current> current_;
  std::size_t next_path_ = 0;
  std::uint64_t passes_ = 0;  // complete ones
  std::optional<FileResume> resume_;
  bool warned_ = false;                   // or had no reason to
  std::optional<FilePosition> last_;      // once it has finished
  std::optional<FileIdentity> identity_;  // of the current file, if it will not change
  bool pass_had_bytes_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

/// The share of an executor that reads none of the files.
class IdleConnector final : public SourceConnector {
 public:
  void start() override {}
  bool poll() override { return false; }
  void stop() override {}
  bool finished() const override { return true; }
};

}  // namespace wallaroo::internal
