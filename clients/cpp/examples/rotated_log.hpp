// The lines of a log file, one after the other, also when the file is rotated. (The same as
// clients/python/examples/rotated_log.py, with the same state file.)
//
// A position is a number of bytes of everything that the path has ever held: it rises over
// rotations, as positions of a stream must. A small state file says at which position each file
// began, so that a program that is started again finds the file that a position is in: by its inode
// and the hash of its first bytes, or by the hash alone, because a copy will do. The state is
// written before the first line of a file is given out.
//
// These things may happen to the file:
//
// * It is renamed, and begun anew (logrotate's `create`): the old one is read to its end, until
//   nobody has written to it for `rotate_wait`. When there were several rotations, the files
//   between are found in the same directory by their names (app.log.1, app.log-20260131) and times.
// * It is copied and cut off (`copytruncate`): the rest is read from the copy when that is in the
//   same directory, then the file from its beginning. Lines that were written between the copying
//   and the cutting are lost, as logrotate's manual says.
// * It is rewritten in place, and may be longer than before. This is noticed when its first 1024
//   bytes, or the 256 before the position, differ from those that were read. It is read from its
//   beginning.
// * It is missing: the program waits for it.
//
// Limits: a file is taken for one that has grown when it has the same inode and begins with
// everything that was read of the old one. A file that is replaced by a longer copy of itself, as
// some editors and rsync do, is a new file. Compressed files are not read.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "log_files.hpp"

/// The application asks for lines of a file that is not there any more.
class LostLines : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct LogLine {
  std::uint64_t end = 0;  ///< the position behind it
  std::string text;
};

struct RotatedLogOptions {
  std::string path;
  std::string state;
  bool follow = true;
  std::chrono::nanoseconds rotate_wait{1'000'000'000};
  bool skip_lost = false;
};

class RotatedLog {
 public:
  using Position = std::optional<std::uint64_t>;

  /// Loads the state. Throws std::runtime_error, as do the others.
  explicit RotatedLog(RotatedLogOptions options);

  /// Returns the line behind this position, or nothing while there is none. Without a position it
  /// begins at the first byte that can be found. Throws LostLines.
  std::optional<LogLine> next_line(Position position);
  /// Promises that lines before this position will not be asked for again. Call it now and then, so
  /// that old files can be closed.
  void acknowledged(Position position);

 private:
  static constexpr std::size_t most_before = 256;
  static constexpr std::uint64_t unknown_length = std::numeric_limits<std::int64_t>::max();
  using Time = std::chrono::steady_clock::time_point;
  /// A file that was read up to `length`.
  struct KeptFile {
    OpenFile file;
    std::uint64_t length = 0;
    Time left_at;
  };

  // Lines.
  Segment& segment() { return segments_[index_]; }
  std::string cut_line();
  std::string cut_unended();
  void skip(std::size_t end);
  LogLine give(std::string line);
  void save();

  // Reading.
  std::uint64_t length() const;
  bool read_more();
  bool is_unchanged(const OpenFile& file) const;
  bool turn_to_copy();
  bool is_finished();

  // From file to file.
  bool go_to(std::uint64_t wanted, Position position);
  void tell_lost(std::uint64_t start, std::uint64_t end, Position position) const;
  bool adopt(std::uint64_t wanted, Position position);
  bool begin_at_path(std::uint64_t start, Position position);
  void begin(OpenFile file, std::uint64_t start, Position position);
  void read_from(OpenFile file, std::uint64_t offset, Position position);
  bool go_on();
  std::optional<OpenFile> successor();

  // Files.
  std::optional<OpenFile> find(std::uint64_t offset);
  std::optional<OpenFile> find_in_folder(std::uint64_t offset, std::uint64_t least);
  bool is_known(const OpenFile& file) const;
  std::optional<Identity> identity_of_path();
  std::optional<OpenFile> open_path();
  void keep(std::uint64_t length);

  RotatedLogOptions options_;
  LogFolder folder_;
  LogState state_;
  std::vector<Segment> segments_;
  std::map<std::uint64_t, KeptFile> kept_;  ///< by the start of their segment
  std::size_t index_ = 0;                   ///< of the segment that is read
  std::optional<OpenFile> file_;
  bool gone_ = false;         ///< the rest of the segment is not in any file
  Position position_;         ///< behind the last line that was given out
  std::uint64_t offset_ = 0;  ///< in the file, behind the bytes that were read
  std::string rest_;          ///< bytes that were read and not given out
  std::string head_;          ///< the first bytes of the file
  std::string before_;        ///< the bytes before the offset
  bool skip_to_line_end_ = false;
  Time quiet_since_;
  std::optional<std::uint64_t> quiet_size_;
  bool missing_ = false;
};
