// Reads the files of a file source one after the other, on one executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "source/file/file_plan.hpp"
#include "source/file/file_reader.hpp"
#include "source/frame_delivery.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

class FilesReader final : public SourceReader {
 public:
  FilesReader(const FilePlan& plan, const ReaderContext& context);

  void start() override;
  bool poll() override;
  void stop() override;
  bool finished() const override { return finished_; }
  std::vector<SourcePosition> save(std::uint64_t number) override;

 private:
  bool open_next();
  void open(FileSpot spot, std::size_t index);
  void warn_if_not_replayable();
  FilePosition position();
  void end_stopped();
  bool waiting() const { return current_ && !stopped_ && current_->waiting(); }

  const FilePlan& plan_;
  ReaderContext context_;
  BlockPool pool_;
  FrameDelivery delivery_;
  std::optional<FileReader> current_;
  std::size_t current_path_ = 0;
  std::size_t next_path_ = 0;
  std::uint64_t passes_ = 0;            // complete passes
  std::optional<FilePosition> resume_;  // set: inside of a file that is not open yet
  bool warned_ = false;                 // about a pipe after a restore, or there was none
  std::optional<FilePosition> last_;    // set once the reader has finished
  bool pass_had_bytes_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

/// The share of an executor that reads none of the files.
class IdleReader final : public SourceReader {
 public:
  void start() override {}
  bool poll() override { return false; }
  void stop() override {}
  bool finished() const override { return true; }
};

}  // namespace wallaroo::internal
