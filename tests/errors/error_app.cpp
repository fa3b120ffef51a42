// Passes text records from a source to a sink, and fails where its records ask it to:
//
//   bad: WHY            the decoder says that it is a bad record
//   throw in STAGE: X   the function of decoder, work, key, count or encoder throws
//   throw an int        work throws something that is not a std::exception
//   forever             work never returns
//
// Every other record arrives at the sink as one line, "KEY NUMBER TEXT": its key (the text up to
// the first space), the number of records of that key so far, and its text.
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <unistd.h>

#include <wallaroo/wallaroo.hpp>

namespace {

using Arguments = std::map<std::string, std::string>;

constexpr const char* help =
    "  source=tcp|file:PATH   framing=length|newline   max=BYTES\n"
    "  sink=tcp|file:PATH     drain_ms=N               dead=PATH\n"
    "  name=OF_THE_APPLICATION\n"
    "  decoder|work|key|count|encoder=stop|skip|dead_letter";

Arguments read_arguments(int argc, char** argv) {
  Arguments read{{"source", "tcp"},     {"framing", "length"}, {"max", "1000"},
                 {"sink", "tcp"},       {"drain_ms", "60000"}, {"dead", ""},
                 {"name", "error_app"}, {"decoder", "stop"},   {"work", "stop"},
                 {"key", "stop"},       {"count", "stop"},     {"encoder", "stop"}};
  for (const std::string& argument : wallaroo::application_arguments(argc, argv)) {
    const auto equals = argument.find('=');
    read.at(argument.substr(0, equals)) = argument.substr(equals + 1);
  }
  return read;
}

wallaroo::OnError policy(const std::string& name) {
  if (name == "skip") {
    return wallaroo::OnError::skip;
  }
  return name == "dead_letter" ? wallaroo::OnError::dead_letter : wallaroo::OnError::stop;
}

void fail_if_asked(std::string_view text, std::string_view stage) {
  const std::string wish = "throw in " + std::string(stage) + ":";
  if (text.starts_with(wish)) {
    throw std::runtime_error("as asked by" + std::string(text.substr(wish.size())));
  }
}

wallaroo::Decoded<std::string> decode(std::string_view frame) {
  fail_if_asked(frame, "decoder");
  if (frame.starts_with("bad: ")) {
    return wallaroo::BadRecord{std::string(frame.substr(5))};
  }
  return std::string(frame);
}

std::string work(const std::string& text) {
  fail_if_asked(text, "work");
  if (text == "throw an int") {
    throw 42;
  }
  if (text == "forever") {
    for (;;) {
      ::pause();
    }
  }
  return text;
}

std::string key_of(const std::string& text) {
  fail_if_asked(text, "key");
  return text.substr(0, text.find(' '));
}

struct Seen {
  std::uint64_t count = 0;
};
struct Numbered {
  std::string text;
  std::uint64_t number = 0;
};

Numbered count(const std::string& text, Seen& seen) {
  fail_if_asked(text, "count");
  return {text, ++seen.count};
}

void encode(const Numbered& record, wallaroo::ByteWriter& out) {
  fail_if_asked(record.text, "encoder");
  out.append(key_of(record.text)).append(' ').append(std::to_string(record.number));
  out.append(' ').append(record.text).append('\n');
}

std::string bury(const wallaroo::DeadLetter& letter) {
  return letter.stage + "|" + letter.error + "|" + letter.record + "|" + letter.origin + "\n";
}

std::string path_after(const std::string& argument, const std::string& kind) {
  return argument.substr(kind.size() + 1);
}

/// The stages between source and sink.
template <class Source>
void describe(wallaroo::Application& app, Source source, const Arguments& arguments) {
  auto numbered = app.source("in", std::move(source))
                      .to("work", work, {.on_error = policy(arguments.at("work"))})
                      .key_by("key", key_of, {.on_error = policy(arguments.at("key"))})
                      .to("count", count, {.on_error = policy(arguments.at("count"))});
  const wallaroo::StageOptions encoder{.on_error = policy(arguments.at("encoder"))};
  const std::string& sink = arguments.at("sink");
  if (sink == "tcp") {
    const std::chrono::milliseconds drain(std::stoi(arguments.at("drain_ms")));
    std::move(numbered).to_sink("out",
                                wallaroo::tcp_sink({.connect = "127.0.0.1:9",
                                                    .max_backoff = std::chrono::milliseconds(100),
                                                    .drain_timeout = drain},
                                                   encode),
                                encoder);
  } else {
    std::move(numbered).to_sink(
        "out", wallaroo::file_sink({.path = path_after(sink, "file")}, encode), encoder);
  }
}

wallaroo::Application describe(const Arguments& arguments) {
  wallaroo::Application app(arguments.at("name"));
  wallaroo::Framing framing = wallaroo::LengthPrefix{};
  if (arguments.at("framing") == "newline") {
    framing = wallaroo::Newline{};
  }
  const auto max = static_cast<std::size_t>(std::stoul(arguments.at("max")));
  const wallaroo::OnError on_error = policy(arguments.at("decoder"));
  const std::string& source = arguments.at("source");
  if (source == "tcp") {
    describe(app,
             wallaroo::tcp_source({.listen = "127.0.0.1:0",
                                   .framing = framing,
                                   .max_frame_bytes = max,
                                   .on_error = on_error},
                                  decode),
             arguments);
  } else {
    describe(app,
             wallaroo::file_source({.paths = {path_after(source, "file")},
                                    .framing = framing,
                                    .max_frame_bytes = max,
                                    .on_error = on_error},
                                   decode),
             arguments);
  }
  if (const std::string& dead = arguments.at("dead"); !dead.empty()) {
    app.dead_letters("dead").to_sink("graves", wallaroo::file_sink({.path = dead}, bury));
  }
  return app;
}

}  // namespace

int main(int argc, char** argv) {
  return wallaroo::run(describe(read_arguments(argc, argv)), argc, argv, {.arguments_help = help});
}
