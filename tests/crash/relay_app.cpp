// One source and one sink of any kind, for the table of guarantees: relay_app SOURCE SINK [FLAG...]
//
//   SOURCE  file:PATH  stdin  generator:COUNT  memory:COUNT  tcp:HOST:PORT  connector:HOST:PORT
//   SINK    file:PATH  stdout  tcp:HOST:PORT  connector:HOST:PORT  callback:PATH
//
// Each line comes out as it went in, with its number behind it. A keyed state counts the lines, so
// a line that is lost, repeated or counted twice shows. Generators and memory hold the lines "line
// 0", "line 1", and so on. The callback appends to a file at once. Every 100 lines take PAUSE_US
// microseconds (of the environment) more. With ECHO_MS a timer of processing time emits "echo" that
// long after a line, unless another follows.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <wallaroo/wallaroo.hpp>

namespace {

using wallaroo::Application;

struct End {
  std::string kind;
  std::string where;
};

End end_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos
             ? End{std::string(text), {}}
             : End{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::int64_t variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? 0 : std::atoll(value);
}

std::string pace(const std::string& line) {
  static const std::chrono::microseconds each(variable("PAUSE_US"));
  thread_local int calls = 0;
  if (each.count() != 0 && ++calls % 100 == 0) {
    std::this_thread::sleep_for(each);
  }
  return line;
}

struct Lines {
  std::uint64_t count = 0;
};

struct Number {
  void operator()(const std::string& line, Lines& lines, wallaroo::Timers& timers,
                  wallaroo::Emitter<std::string>& emit) const {
    static const std::chrono::milliseconds echo(variable("ECHO_MS"));
    if (echo.count() != 0) {
      timers.after(echo);
    }
    emit(line + " #" + std::to_string(++lines.count));
  }
  void on_timer(int, Lines&, const wallaroo::Timer&, wallaroo::Emitter<std::string>& emit) const {
    emit("echo");
  }
};

/// Makes each line visible before the next record comes.
class AppendTo {
 public:
  explicit AppendTo(const std::string& path)
      : file_(std::make_shared<std::ofstream>(path, std::ios::app)) {}
  void operator()(const std::string& line) const { *file_ << line << '\n' << std::flush; }

 private:
  std::shared_ptr<std::ofstream> file_;
};

template <class Source>
bool to_sink(Application& app, Source source, const End& end) {
  auto lines = app.source("in", std::move(source))
                   .to("pace", pace)
                   .key_by("all", [](const std::string&) { return 1; })
                   .to("number", Number{});
  if (end.kind == "file" || end.kind == "stdout") {
    std::move(lines).to_sink(
        "out", wallaroo::file_sink({.path = end.kind == "file" ? end.where : "-"}, wallaroo::line));
  } else if (end.kind == "tcp") {
    std::move(lines).to_sink("out", wallaroo::tcp_sink({.connect = end.where}, wallaroo::line));
  } else if (end.kind == "connector") {
    std::move(lines).to_sink("out",
                             wallaroo::connector_sink({.connect = end.where}, wallaroo::line));
  } else if (end.kind == "callback") {
    std::move(lines).to_sink("out", wallaroo::callback_sink(AppendTo(end.where)));
  } else {
    return false;
  }
  return true;
}

std::string line_of(std::uint64_t index) { return "line " + std::to_string(index); }

/// The records of a memory source. They live until the application has ended.
std::vector<std::string>& memory() {
  static std::vector<std::string> lines;
  return lines;
}

std::span<const std::string> fill_memory(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    memory().push_back(line_of(i));
  }
  return memory();
}

bool describe(Application& app, const End& source, const End& sink) {
  using namespace wallaroo;
  if (source.kind == "file" || source.kind == "stdin") {
    const std::string path = source.kind == "file" ? source.where : "-";
    return to_sink(app, file_source({.paths = {path}}, text), sink);
  }
  if (source.kind == "generator") {
    const std::uint64_t count = std::stoull(source.where);
    return to_sink(app, generator_source({.count = count}, line_of), sink);
  }
  if (source.kind == "memory") {
    return to_sink(app, memory_source<std::string>(fill_memory(std::stoull(source.where))), sink);
  }
  if (source.kind == "tcp") {
    return to_sink(app, tcp_source({.listen = source.where, .framing = Newline{}}, text), sink);
  }
  return source.kind == "connector" &&
         to_sink(app, connector_source({.listen = source.where}, text), sink);
}

}  // namespace

int main(int argc, char** argv) {
  Application app("relay");
  if (argc < 3 || !describe(app, end_of(argv[1]), end_of(argv[2]))) {
    std::cerr << "usage: relay_app SOURCE SINK [FLAG...]; see the first lines of relay_app.cpp\n";
    return 2;
  }
  std::vector<char*> flags{argv[0]};
  flags.insert(flags.end(), argv + 3, argv + argc);
  return wallaroo::run(app, static_cast<int>(flags.size()), flags.data());
}
