// Feeds the lines of a log file into a connector source, and goes on as the file grows:
//
//   tail_file access.log 127.0.0.1:7100 --id 1 --cookie secret
//
// Each line is a message whose id is the position behind the line: a number of bytes of everything
// that the path has held. After a restart of either side the application says up to which position
// it has the lines, and reading goes on there: with checkpoints each line counts exactly once, also
// when the file is rotated meanwhile. rotated_log.hpp says which changes of the file are noticed.
//
// The last line may lack its end. With --once it is sent as it is. Otherwise the program waits for
// the end; if the file is rotated before that, the line is sent as it is.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <wallaroo/connector_client.hpp>

#include "rotated_log.hpp"

namespace {

struct Options {
  std::string file;
  std::string address;
  std::string cookie;
  std::uint64_t id = 0;
  bool once = false;
  double poll_s = 0.2;
  double rotate_wait_s = 1;
  std::string state;
  bool skip_lost = false;
};

template <class Duration>
Duration duration_of(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// A file beside the log file, for each application and stream that is fed from it.
std::string default_state(const Options& options) {
  const std::filesystem::path path(options.file);
  std::string address = options.address;
  std::replace(address.begin(), address.end(), ':', '-');
  const std::string name =
      "." + path.filename().string() + "." + address + "." + std::to_string(options.id) + ".tail";
  return (path.parent_path() / name).string();
}

/// Sends the lines of the file: to its end with --once, otherwise for ever.
void tail(const Options& options) {
  wallaroo::ConnectorClient client({.address = options.address,
                                    .cookie = options.cookie,
                                    .program_name = "tail_file",
                                    .instance_name = options.file});
  wallaroo::ConnectorStream& stream = client.open_stream(options.id, options.file);
  RotatedLog lines({.path = options.file,
                    .state = options.state.empty() ? default_state(options) : options.state,
                    .follow = !options.once,
                    .rotate_wait = duration_of<std::chrono::nanoseconds>(options.rotate_wait_s),
                    .skip_lost = options.skip_lost});
  for (;;) {
    lines.acknowledged(stream.acknowledged);
    // The position steps back when the application has lost something.
    if (const auto line = lines.next_line(stream.position)) {
      client.send(stream, line->end, line->text);
    } else if (!options.once) {
      client.poll(duration_of<std::chrono::milliseconds>(options.poll_s));
    } else if (client.end_stream(stream)) {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Feeds the lines of a file into a connector source, and goes on as the file grows.");
  app.add_option("file", options.file, "log file to feed")->required();
  app.add_option("address", options.address, "host:port of the connector source")->required();
  app.add_option("--id", options.id, "id of the stream: a different number for each file")
      ->required();
  app.add_option("--cookie", options.cookie, "cookie of the connector source");
  app.add_flag("--once", options.once,
               "end the stream where the file ends, wait until the application has acknowledged "
               "that, and exit");
  app.add_option("--poll", options.poll_s, "seconds between two looks whether the file has grown")
      ->capture_default_str();
  app.add_option("--rotate-wait", options.rotate_wait_s,
                 "seconds without a write to a rotated file before it is left")
      ->capture_default_str();
  app.add_option("--state", options.state,
                 "where to remember which files there were; if not given, a hidden file beside the "
                 "log file");
  app.add_flag("--skip-lost", options.skip_lost,
               "go on with a warning, instead of an error, when a file that the application asks "
               "for does not exist any more");
  CLI11_PARSE(app, argc, argv);
  try {
    tail(options);
  } catch (const std::exception& error) {
    std::cerr << "tail_file: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
