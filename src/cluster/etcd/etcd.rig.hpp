// For tests: an etcd of their own, and requests to it that wait for the answer.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "cluster/etcd/gateway.hpp"

namespace wallaroo::internal::cluster::rig {

using Tcp = boost::asio::ip::tcp;

/// Runs the program `etcd` on loopback, with its data in a directory that goes with it. It ends
/// with the test program, whatever that dies of.
class Etcd {
 public:
  static bool is_installed() { return std::system("command -v etcd > /dev/null 2>&1") == 0; }

  Etcd() {
    std::string name = (std::filesystem::temp_directory_path() / "wallaroo_etcd_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    // Somebody else may take a free port before etcd does.
    for (int attempt = 1;; ++attempt) {
      port_ = free_port();
      peer_port_ = free_port();
      try {
        start();
        return;
      } catch (const std::runtime_error&) {
        if (attempt == 5) {
          throw;
        }
        ++wipes_;
      }
    }
  }
  Etcd(const Etcd&) = delete;
  Etcd& operator=(const Etcd&) = delete;
  ~Etcd() {
    kill();
    std::filesystem::remove_all(directory_);
  }

  unsigned short port() const { return port_; }
  /// Ends it as a crash does.
  void kill() {
    if (child_ != 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      child_ = 0;
    }
  }
  /// Starts it again, at the same address and with the data that it had.
  void start() {
    const std::string clients = fmt::format("http://127.0.0.1:{}", port_);
    const std::string peers = fmt::format("http://127.0.0.1:{}", peer_port_);
    // Each data directory is a cluster of etcd with an id of its own.
    spawn({"setpriv",
           "--pdeathsig",
           "KILL",
           "etcd",
           "--data-dir",
           (directory_ / fmt::format("data{}", wipes_)).string(),
           "--listen-client-urls",
           clients,
           "--advertise-client-urls",
           clients,
           "--listen-peer-urls",
           peers,
           "--initial-advertise-peer-urls",
           peers,
           "--initial-cluster",
           fmt::format("default={}", peers),
           "--initial-cluster-token",
           fmt::format("test{}", wipes_),
           "--heartbeat-interval",
           "50",
           "--election-timeout",
           "500"});
    wait_until_it_serves();
  }
  /// Kills it, and starts one without data.
  void wipe() {
    kill();
    ++wipes_;
    start();
  }
  /// Lets it sleep, and wakes it up.
  void pause() const { ::kill(child_, SIGSTOP); }
  void resume() const { ::kill(child_, SIGCONT); }
  void compact(std::int64_t revision) const {
    post({"/v3/kv/compaction", fmt::format(R"({{"revision":"{}","physical":true}})", revision)});
  }

  /// Returns the body of the answer. Of a watch, everything that was said within `ms`.
  std::string post(const gateway::Request& request, int ms = 0) const {
    namespace http = boost::beast::http;
    boost::asio::io_context io;
    boost::beast::tcp_stream stream(io);
    stream.connect(Tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_));
    http::request<http::string_body> message(http::verb::post, request.path, 11);
    message.set(http::field::host, "127.0.0.1");
    message.body() = request.body;
    message.prepare_payload();
    http::write(stream, message);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    if (ms != 0) {
      stream.expires_after(std::chrono::milliseconds(ms));
      http::async_read(stream, buffer, parser, [](auto, auto) {});
      io.run();
    } else {
      http::read(stream, buffer, parser);
    }
    return parser.get().body();
  }

 private:
  static unsigned short free_port() {
    boost::asio::io_context io;
    return Tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }
  void spawn(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const std::string log = (directory_ / "log").string();
    posix_spawn_file_actions_t output;
    ::posix_spawn_file_actions_init(&output);
    ::posix_spawn_file_actions_addopen(&output, 1, log.c_str(), O_WRONLY | O_CREAT, 0666);
    ::posix_spawn_file_actions_adddup2(&output, 1, 2);
    const int error =
        ::posix_spawnp(&child_, arguments[0], &output, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&output);
    if (error != 0) {
      throw std::runtime_error("cannot start etcd");
    }
  }
  void wait_until_it_serves() {
    for (int attempt = 0; attempt != 300; ++attempt) {
      try {
        post(gateway::grant_lease(
            1));  // which needs a leader, so that calls are served from here on
        return;
      } catch (const boost::system::system_error&) {
        if (::waitpid(child_, nullptr, WNOHANG) == child_) {
          child_ = 0;
          throw std::runtime_error(fmt::format("etcd has ended; see {}/log", directory_.string()));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
    throw std::runtime_error(fmt::format("etcd does not serve; see {}", directory_.string()));
  }

  std::filesystem::path directory_;
  unsigned short port_ = 0;
  unsigned short peer_port_ = 0;
  int wipes_ = 0;
  pid_t child_ = 0;
};

}  // namespace wallaroo::internal::cluster::rig
