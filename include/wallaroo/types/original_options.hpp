// Options for programs that were made to work with applications of Wallaroo 0.6.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace wallaroo {

/// Metrics that are pushed to a receiver (docs/formats/metrics-push.md).
struct MetricsPushOptions {
  /// "host:port" of the receiver, which need not be there; empty: nothing is pushed.
  std::string address = {};
  std::string application = {};        ///< its name in the topic; empty: as it is
  std::string worker = "initializer";  ///< the name of this process
};

/// A listener that tells tools about the application, and stops it when they ask
/// (docs/formats/external-channel.md). Everybody who can connect may do so. The functions are
/// called on the listener's thread.
struct ExternalChannelOptions {
  std::string address = {};            ///< "host:port" to listen on; empty: no listener
  std::string worker = "initializer";  ///< the name of this process
  /// How many ids each source has, by its name; 10 when it is not here.
  std::map<std::string, int> parallelism = {};
  /// Makes the text of a key from its bytes and their schema, as in checkpoints. Empty: text keys
  /// stay as they are, others are written as JSON.
  std::function<std::string(std::string_view bytes, std::string_view schema)> key_text = {};
  std::function<void(const std::string& text)> print = {};  ///< empty: text goes to the log
  /// A tool wants the application to stop. Empty: it is stopped as by Engine::stop.
  std::function<void(const std::string& text)> shutdown = {};
};

}  // namespace wallaroo
