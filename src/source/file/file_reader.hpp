// One file of a source while it is read: its bytes, and how far it has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "source/connector.hpp"
#include "source/file/file_input.hpp"
#include "source/file/file_plan.hpp"
#include "source/frame_delivery.hpp"

namespace wallaroo::internal {

/// What the readers of a connector have in common; all of it outlives them.
struct FileReaderParts {
  const FilePlan& plan;
  const ConnectorContext& context;
  BlockPool& pool;
  FrameDelivery& delivery;
};

/// Reads the files of a spot in turn. A regular file may be let go of between two reads.
class FileReader {
 public:
  FileReader(const FileReaderParts& parts, FileSpot spot, std::uint64_t partition);
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  /// Must be open for everything that reads. Throws IoError, naming the source.
  void open();
  bool is_open() const { return input_.has_value(); }
  /// A regular file whose records were all delivered gives back its descriptor.
  void close() { input_.reset(); }
  /// Once it was opened.
  bool regular() const { return regular_; }

  /// Nothing is left of what was read.
  bool starved() const { return stream_.buffer.starved(); }
  /// The file has come to its end.
  bool at_end() const { return ended_; }
  /// Only the event loop can bring news.
  bool waiting() const { return starved() && !ended_ && input_ && !input_->ready(); }
  /// False when nothing can be read now.
  bool read(PollBudget& budget);
  void deliver(PollBudget& budget);
  /// At its end and starved: delivers the rest, and goes to the next file of the spot. False when
  /// there is none.
  bool next_file();

  std::uint64_t offset_bytes() const { return read_bytes_ - stream_.buffer.pending_bytes(); }
  const std::string& origin() const { return stream_.origin; }
  const std::string& path() const { return spot_.path; }
  bool read_something() const { return read_something_; }
  /// Adds where it is: nothing for a pipe, which has no place to go back to.
  void tell(FilePosition& position);

 private:
  void open_file(std::uint64_t offset_bytes);
  void open_again();
  std::size_t read_limit() const;
  [[noreturn]] void refuse(std::string_view error);
  [[noreturn]] void fail(std::string_view error) const;

  FileReaderParts parts_;
  FileSpot spot_;
  std::size_t file_ = 0;  // of the spot's
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
