// Reads one file of a source: its bytes, and how far it has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source/file/file_input.hpp"
#include "source/file/file_plan.hpp"
#include "source/frame_delivery.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Shared by the readers of a reader; all of it outlives them.
struct FileReaderParts {
  const FilePlan& plan;
  const ReaderContext& context;
  BlockPool& pool;
  FrameDelivery& delivery;
};

/// Reads the files of a spot in turn. A regular file may be closed between two reads.
class FileReader {
 public:
  FileReader(const FileReaderParts& parts, FileSpot spot, std::uint64_t partition);
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  /// Opens the file. Everything that reads requires that it is open. Throws IoError that names the
  /// source.
  void open();
  bool is_open() const { return input_.has_value(); }
  /// Gives back the descriptor. Requires a regular file, and that all records read were delivered.
  void close() { input_.reset(); }
  /// Valid once the file was opened.
  bool regular() const { return regular_; }

  /// All complete records that were read have been delivered.
  bool starved() const { return stream_.buffer.starved(); }
  /// The file has come to its end.
  bool at_end() const { return ended_; }
  /// Only the event loop can bring news.
  bool waiting() const { return starved() && !ended_ && input_ && !input_->ready(); }
  /// Returns false if nothing can be read now.
  bool read(PollBudget& budget);
  void deliver(PollBudget& budget);
  /// Call at the end of the file, when starved. Delivers the rest, and goes to the next file of the
  /// spot. Returns false if there is none.
  bool next_file();

  std::uint64_t offset_bytes() const { return read_bytes_ - stream_.buffer.pending_bytes(); }
  const std::string& origin() const { return stream_.origin; }
  const std::string& path() const { return spot_.path; }
  bool read_something() const { return read_something_; }
  /// Adds the place in the file to the position. Adds nothing for a pipe, which cannot go back.
  void tell(FilePosition& position);

 private:
  void open_file(std::uint64_t offset_bytes);
  void open_again();
  std::size_t read_limit() const;
  [[noreturn]] void refuse(std::string_view error);
  [[noreturn]] void fail(std::string_view error) const;

  FileReaderParts parts_;
  FileSpot spot_;
  std::size_t file_ = 0;  // index in the spot's files
  std::string real_path_;
  std::optional<FileInput> input_;
  ByteStream stream_;
  std::uint64_t read_bytes_ = 0;
  FileIdentity identity_;
  std::uint64_t identified_at_ = 0;
  bool identified_ = false;
  bool opened_ = false;
  bool regular_ = false;
  bool ended_ = false;
  bool read_something_ = false;
};

}  // namespace wallaroo::internal
