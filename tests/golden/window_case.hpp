// Test cases of windows in text files: the input, line by line, and the output that must come.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace golden {

/// A file of tests/golden/cases. Lines that begin with '#', and what follows two spaces and a '#',
/// are for the reader. First come settings, each at most once:
///
///     windows: range 10s slide 5s       or session 10s, or count 3 slide 1; then any of
///                                       delay 2s, early 1s, timeout 4s, timeout never, spread,
///                                       late drop|fire_per_message|place_in_oldest_window|stream
///     times: lateness 2s idle 5s        also max_jump 1m; max_ahead 1m, with which refused records
///                                       are skipped;
///                                       or ingest: there is no time in the lines
///     inputs: north south               two sources with their own watermarks, which are merged;
///                                       lines begin with the name of one and a colon
///     keys: none                        one window for all
///     show: records                     results list their records, not the sum of them
///
/// then events, each followed by its results. The clock begins at 0 s.
///
///     12.5 ann 7                 a record: event time in seconds, key, value
///     now +3s                    moves the clock of processing time on
///     end                        ends the stream
///     metrics                    asks for the counts of records
///     => ann [10s, 20s) 7        a result: key, window, value; perhaps early, late or closed
///
/// Results of several keys at once are in the order of the keys.
struct WindowCase {
  struct Event {
    std::string line;
    int number;  ///< number of the line in the file
    std::vector<std::string> words;
    std::vector<std::string> expected;
  };

  std::filesystem::path path;
  std::map<std::string, std::vector<std::string>> settings;
  std::vector<Event> events;
};

/// Throws std::runtime_error with the file and the line that cannot be understood, as do the
/// functions below.
WindowCase read_case(const std::filesystem::path& path);

/// "1.5s", "2m" or "1h".
std::chrono::nanoseconds duration_of(const std::string& text);
/// "1.5" as nanoseconds.
std::int64_t seconds_of(const std::string& text);

/// Shows the results beside the expected ones; empty when they are the same. `seen` holds the
/// results of each event.
std::string difference(const WindowCase& wanted, const std::vector<std::vector<std::string>>& seen);

}  // namespace golden
