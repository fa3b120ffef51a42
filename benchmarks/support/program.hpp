// The command line and the one line of output that every benchmark program shares, so that the
// driver can run any two of them with the same parameters and compare their results.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace wallaroo::bench {

struct Parameters {
  unsigned threads = 2;
  std::uint64_t records = 0;
  // Further settings, each with the name of its option.
  std::map<std::string, std::uint64_t> numbers = {};
  std::map<std::string, std::string> texts = {};
};

// The result of a run. The checksum must depend on every record and on nothing else: not on the
// order in which threads met the records, nor on the number of threads.
struct Result {
  std::uint64_t records = 0;
  double seconds = 0;
  std::uint64_t checksum = 0;
  // Further measurements, by name.
  std::map<std::string, double> figures = {};
};

// Parses `--threads`, `--records` (unless the default is 0) and the other settings of `defaults`,
// runs `body` and prints its result, the peak of resident memory (`peak_kib`), and how often a
// thread gave up its core to wait (`sleeps`) as one line of JSON. Returns the exit code: 0, 2 for a
// wrong command line, 1 when `body` throws.
int run_program(int argc, char** argv, const std::string& description, Parameters defaults,
                const std::function<Result(const Parameters&)>& body);

// How often an input of `size` records is read for `records` records in all. Throws when that is no
// whole number, so that a program never processes other records than it was asked for. (No round at
// all would make the engine's memory source read for ever.)
std::uint64_t rounds_of(std::uint64_t records, std::size_t size);

// The half-open part of `records` that worker `index` of `count` owns; the parts cover all records.
struct Share {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
Share share_of(std::uint64_t records, unsigned index, unsigned count);

// Runs `body(0)` .. `body(threads - 1)` at once and returns the seconds from when all threads are
// ready to when the last one returns.
double timed_on_threads(unsigned threads, const std::function<void(unsigned)>& body);

}  // namespace wallaroo::bench
