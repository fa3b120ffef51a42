// The pipelines that the crash harness kills: crash_app PIPELINE INPUT... OUTPUT... [FLAG...]
//
//   word_count INPUT OUTPUT          keyed state
//   windows INPUT OUTPUT             sliding windows with some records that are too late; sessions
//                                    (to OUTPUT.sessions); timers and state that expires
//                                    (to OUTPUT.visits); windows without keys (to OUTPUT.totals)
//   join LEFT RIGHT OUTPUT           a full interval join
//   two_sinks INPUT OUTPUT HOST:PORT keyed state, to a file and to a connector sink
//
// Inputs are text files; lines of all but word_count are "KEY TIME_MS VALUE". Every 100 records
// take PAUSE_US microseconds (of the environment) more, so that there is time to kill it.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <wallaroo/wallaroo.hpp>

namespace {

using namespace std::chrono_literals;

struct Reading {
  std::string key;
  std::int64_t time_ms = 0;
  std::int64_t value = 0;
};

void pause() {
  static const char* const us = std::getenv("PAUSE_US");
  static const std::chrono::microseconds each(us == nullptr ? 0 : std::atoi(us));
  thread_local int calls = 0;
  if (each.count() != 0 && ++calls % 100 == 0) {
    std::this_thread::sleep_for(each);
  }
}

Reading parse(const std::string& line) {
  pause();
  Reading reading;
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  reading.key = line.substr(0, first);
  reading.time_ms = std::stoll(line.substr(first + 1, second - first - 1));
  reading.value = std::stoll(line.substr(second + 1));
  return reading;
}
std::chrono::sys_time<std::chrono::milliseconds> time_of(const Reading& reading) {
  return std::chrono::sys_time<std::chrono::milliseconds>(
      std::chrono::milliseconds(reading.time_ms));
}
std::string key_of(const Reading& reading) { return reading.key; }

struct Total {
  std::uint64_t count = 0;
};
struct Counted {
  std::string word;
  std::uint64_t count = 0;
};
std::vector<std::string> split(const std::string& line) {
  pause();
  std::vector<std::string> words;
  std::string word;
  for (const char c : line + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}
Counted count_word(const std::string& word, Total& total) { return {word, ++total.count}; }
std::string encode_counted(const Counted& counted) {
  return counted.word + " " + std::to_string(counted.count) + "\n";
}

struct Sum {
  struct Of {
    std::string key;
    std::int64_t end_ms = 0;
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  struct Acc {
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  Acc initial_accumulator() const { return {}; }
  void update(const Reading& reading, Acc& acc) const {
    acc.sum += reading.value;
    ++acc.count;
  }
  Acc combine(const Acc& a, const Acc& b) const { return {a.sum + b.sum, a.count + b.count}; }
  Of output(const std::string& key, const Acc& acc, const wallaroo::Window& window) const {
    return {key, window.end / 1'000'000, acc.sum, acc.count};
  }
  Of output(const Acc& acc, const wallaroo::Window& window) const {
    return output("all", acc, window);
  }
  static constexpr bool pre_aggregate = true;
};
std::string encode_sum(const Sum::Of& of) {
  return of.key + " " + std::to_string(of.end_ms) + " " + std::to_string(of.sum) + " " +
         std::to_string(of.count) + "\n";
}

/// Counts a key's records. The state expires when the key was away for long; a timer reports when
/// it was away for 100 seconds.
struct Visits {
  struct Seen {
    std::uint64_t records = 0;
    std::uint64_t pauses = 0;
  };
  void operator()(const Reading& reading, Seen& seen, wallaroo::Timers& timers,
                  wallaroo::Emitter<Counted>& emit) {
    ++seen.records;
    timers.at(timers.event_time() + 100s);
    if (seen.records % 5 == 0) {
      emit(Counted{reading.key + "/records", seen.records});
    }
  }
  void on_timer(const std::string& key, Seen& seen, const wallaroo::Timer&,
                wallaroo::Emitter<Counted>& emit) {
    emit(Counted{key + "/pauses/" + std::to_string(seen.records), ++seen.pauses});
  }
};

struct Pair {
  std::string text;
};
Pair pair_up(const Reading* left, const Reading* right) {
  const auto text = [](const Reading* side) {
    return side == nullptr ? std::string("-")
                           : side->key + "@" + std::to_string(side->time_ms) + "=" +
                                 std::to_string(side->value);
  };
  return {text(left) + " " + text(right)};
}
std::string encode_pair(const Pair& pair) { return pair.text + "\n"; }

struct Running {
  std::int64_t sum = 0;
  std::uint64_t count = 0;
};
Counted add_up(const Reading& reading, Running& running) {
  running.sum += reading.value;
  ++running.count;
  return {reading.key + "/" + std::to_string(running.count),
          static_cast<std::uint64_t>(running.sum)};
}

wallaroo::FileSourceOptions files_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return {.paths = std::move(paths), .in_order = true};
}

const wallaroo::EventTimeOptions out_of_order = wallaroo::bounded_lateness(5s);

wallaroo::Application describe(const std::string& pipeline, const std::vector<std::string>& ends) {
  using namespace wallaroo;
  Application app("crash_" + pipeline);
  if (pipeline == "word_count") {
    app.source("lines", file_source(files_in(ends.at(0)), text))
        .to("split", split)
        .key_by("word", std::identity{})
        .to("count", count_word)
        .to_sink("totals", file_sink({.path = ends.at(1)}, encode_counted));
  } else if (pipeline == "windows") {
    const auto all = app.source("lines", file_source(files_in(ends.at(0)), text))
                         .to("parse", parse)
                         .event_time("time", time_of, out_of_order);
    const auto keyed = all.key_by("key", key_of);
    keyed
        .to("sums", range_windows(10s)
                        .with_slide(2s)
                        .with_late_data_policy(LateData::fire_per_message)
                        .over(Sum{}))
        .to_sink("sums out", file_sink({.path = ends.at(1)}, encode_sum));
    keyed.to("sessions", session_windows(1s).over(Sum{}))
        .to_sink("sessions out", file_sink({.path = ends.at(1) + ".sessions"}, encode_sum));
    keyed.to("visits", stateful(Visits{}).expire_after(300s))
        .to_sink("visits out", file_sink({.path = ends.at(1) + ".visits"}, encode_counted));
    all.to("totals", range_windows(10s).with_slide(2s).over(Sum{}))
        .to_sink("totals out", file_sink({.path = ends.at(1) + ".totals"}, encode_sum));
  } else if (pipeline == "join") {
    auto left = app.source("left", file_source(files_in(ends.at(0)), text))
                    .to("parse left", parse)
                    .event_time("left time", time_of, out_of_order)
                    .key_by("left key", key_of);
    auto right = app.source("right", file_source(files_in(ends.at(1)), text))
                     .to("parse right", parse)
                     .event_time("right time", time_of, out_of_order)
                     .key_by("right key", key_of);
    left.join(right)
        .within(-2s, 2s)
        .full()
        .to("join", pair_up)
        .to_sink("pairs", file_sink({.path = ends.at(2)}, encode_pair));
  } else {
    auto sums = app.source("lines", file_source(files_in(ends.at(0)), text))
                    .to("parse", parse)
                    .key_by("key", key_of)
                    .to("add up", add_up);
    std::move(sums).to_sinks(
        sink("file", file_sink({.path = ends.at(1)}, encode_counted)),
        sink("receiver", connector_sink({.connect = ends.at(2)}, encode_counted)));
  }
  return app;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> ends;
  int next = 2;
  for (; next < argc && std::string_view(argv[next]).substr(0, 2) != "--"; ++next) {
    ends.emplace_back(argv[next]);
  }
  const std::string pipeline = argc > 1 ? argv[1] : "";
  const std::size_t wanted = pipeline == "join" || pipeline == "two_sinks" ? 3 : 2;
  const bool known = pipeline == "word_count" || pipeline == "windows" || pipeline == "join" ||
                     pipeline == "two_sinks";
  if (!known || ends.size() != wanted) {
    std::cerr << "usage: crash_app word_count|windows INPUT OUTPUT [FLAG...]\n"
                 "       crash_app join LEFT RIGHT OUTPUT [FLAG...]\n"
                 "       crash_app two_sinks INPUT OUTPUT HOST:PORT [FLAG...]\n";
    return 2;
  }
  std::vector<char*> flags{argv[0]};
  flags.insert(flags.end(), argv + next, argv + argc);
  return wallaroo::run(describe(pipeline, ends), static_cast<int>(flags.size()), flags.data());
}
