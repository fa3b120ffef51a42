// Feeds the lines of a file into a connector source, and goes on as the file grows:
//
//   tail_file access.log 127.0.0.1:7100 --id 1 --cookie secret
//
// Each line is a message whose id is the file's offset behind the line. After a restart of either
// side the application says up to which offset it has the file, and reading goes on there: with
// checkpoints each line counts exactly once. The file must only be appended to.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <wallaroo/connector_client.hpp>

namespace {

struct Options {
  std::string file;
  std::string address;
  std::string cookie;
  std::uint64_t id = 0;
  bool once = false;
  double poll_s = 0.2;
};

struct Line {
  std::string text;
  std::uint64_t end = 0;  ///< the offset behind it
};

class GrowingFile {
 public:
  explicit GrowingFile(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary) {
    if (!file_) {
      throw wallaroo::ConfigError("cannot open '" + path_ + "'");
    }
  }

  /// The line that begins there, when all of it is in the file.
  std::optional<Line> line_at(std::uint64_t offset) {
    file_.clear();
    if (offset != at_) {
      file_.seekg(static_cast<std::streamoff>(offset));
    }
    at_ = unknown;
    Line line;
    if (!std::getline(file_, line.text) || file_.eof()) {
      check_length(offset);
      return std::nullopt;
    }
    at_ = line.end = offset + line.text.size() + 1;
    while (line.text.ends_with('\r')) {
      line.text.pop_back();
    }
    return line;
  }

 private:
  static constexpr std::uint64_t unknown = UINT64_MAX;

  void check_length(std::uint64_t offset) const {
    if (const auto bytes = std::filesystem::file_size(path_); bytes < offset) {
      throw wallaroo::ConfigError(path_ + " has " + std::to_string(bytes) +
                                  " bytes, but the application has had " + std::to_string(offset) +
                                  ": it was cut off or replaced; feed it with another --id");
    }
  }

  std::string path_;
  std::ifstream file_;
  std::uint64_t at_ = unknown;
};

/// Sends what is in the file; when it is to be followed, for ever.
void tail(const Options& options) {
  GrowingFile file(options.file);
  const std::chrono::milliseconds poll(static_cast<std::int64_t>(options.poll_s * 1000));
  wallaroo::ConnectorClient client({.address = options.address,
                                    .cookie = options.cookie,
                                    .program_name = "tail_file",
                                    .instance_name = options.file});
  wallaroo::ConnectorStream& stream = client.open_stream(options.id, options.file);
  for (;;) {
    // Steps back when the application has lost something.
    const std::uint64_t offset = stream.position.value_or(0);
    if (const auto line = file.line_at(offset)) {
      client.send(stream, line->end, line->text);
    } else if (!options.once) {
      client.poll(poll);
    } else if (client.end_stream(stream)) {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Feeds the lines of a file into a connector source, and goes on as the file grows.");
  app.add_option("file", options.file)->required();
  app.add_option("address", options.address, "of the connector source, host:port")->required();
  app.add_option("--id", options.id, "of the stream: another number for each file")->required();
  app.add_option("--cookie", options.cookie);
  app.add_flag("--once", options.once,
               "end the stream where the file ends, wait until the application has acknowledged "
               "that, and exit");
  app.add_option("--poll", options.poll_s, "seconds between two looks whether the file has grown")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    tail(options);
  } catch (const std::exception& error) {
    std::cerr << "tail_file: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
