// Reads the files of a file source side by side, in the order of their event times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "source/file/file_plan.hpp"
#include "source/file/file_reader.hpp"
#include "source/frame_delivery.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Each file is a partition. The next block is read from the file that holds the others back in
/// event time, so all are about equally far in time: no record is late because its file was read
/// after another one, and windows do not pile up. Records of one file keep their order.
///
/// A pipe among the files is read whenever it has something. While a pipe holds the others back and
/// has nothing, nothing is read until the pipe is idle.
class FileMerge final : public SourceReader {
 public:
  FileMerge(const FilePlan& plan, const ReaderContext& context);

  void start() override;
  bool poll() override;
  void stop() override;
  bool finished() const override { return finished_; }
  std::vector<SourcePosition> save(std::uint64_t number) override;

 private:
  /// Further files are closed between two reads of theirs.
  static constexpr std::size_t max_open_files = 100;

  struct Share {
    std::unique_ptr<FileReader> reader;  ///< null: the file has ended
    std::string last;                    ///< the encoded position of a file that has ended
    bool live = false;                   ///< a pipe
    std::list<std::size_t>::iterator open = {};
  };

  std::optional<std::size_t> choose();
  std::optional<std::size_t> ready_pipe();
  void open(std::size_t share);
  void close_oldest();
  /// Called when the chosen file has nothing more to deliver.
  void leave();
  void end(std::size_t share);
  FilePosition position(std::size_t share);

  const FilePlan& plan_;
  ReaderContext context_;
  BlockPool pool_;
  FrameDelivery delivery_;
  std::vector<Share> shares_;
  std::vector<std::size_t> pipes_;
  std::list<std::size_t> open_;  // regular files, the most recently read one in front
  std::optional<std::size_t> current_;
  std::size_t first_unfinished_ = 0;
  std::size_t unfinished_ = 0;
  bool pipe_was_last_ = false;
  bool stopped_ = false;
  bool finished_ = false;
};

}  // namespace wallaroo::internal
