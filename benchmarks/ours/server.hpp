// A benchmark that is a server between a sender and a receiver: runs until it is killed.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo::bench {

struct ServerOptions {
  std::string listen;
  std::string out;
  int threads = 0;
};

// `threads`: how many executors without `--threads`; 0 is one for each core.
inline int run_server(int argc, char** argv, int threads,
                      const std::function<Application(const ServerOptions&)>& make) {
  CLI::App flags("an application on the engine");
  ServerOptions options;
  options.threads = threads;
  flags.add_option("--listen", options.listen, "HOST:PORT to read from")->required();
  flags.add_option("--out", options.out, "HOST:PORT to write to")->required();
  flags.add_option("--threads", options.threads, "executors; 0: one for each core");
  CLI11_PARSE(flags, argc, argv);
  try {
    Engine engine(make(options), {.threads = options.threads,
                                  .http = {},
                                  .addresses = {},
                                  .log_level = LogLevel::warning,
                                  .log = [](LogLevel, std::string_view text) {
                                    fmt::print(stderr, "{}\n", text);
                                  }});
    engine.start();
    const Outcome outcome = engine.wait();
    return outcome.ok ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace wallaroo::bench
