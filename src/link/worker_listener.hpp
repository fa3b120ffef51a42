// Listens for other workers: the one address of a worker, for links and for control connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "io/event_loop.hpp"
#include "io/file_descriptor.hpp"
#include "link/handshake.hpp"
#include "link/introduced.hpp"

namespace wallaroo::internal::link {

/// Accepts connections and shakes hands with those who come. Strangers, and those who say nothing,
/// are closed. Only on the loop's thread; the loop must outlive it.
class WorkerListener final : private ReadyHandler {
 public:
  struct Callbacks {
    /// Decides about a hello (see link::judge).
    std::function<Answer(const ProvedHello&)> judge;
    /// The hello was accepted, and the answer sent.
    std::function<void(const Hello&, Introduced)> accepted;
  };
  struct Setup {
    FileDescriptor socket;  ///< of `listen_tcp`
    std::string token;      ///< empty: whoever can connect is trusted
    Log log;
  };

  /// May be called on another thread than the loop's; the loop serves it after `start`.
  WorkerListener(EventLoop& loop, Setup setup, Callbacks callbacks);
  WorkerListener(const WorkerListener&) = delete;
  WorkerListener& operator=(const WorkerListener&) = delete;
  ~WorkerListener() override;

  void start();
  /// "host:port" with the port that was bound.
  std::string address() const;

 private:
  class Guest;

  void on_ready(std::uint32_t events) override;
  bool accept_one();
  void pause();
  void serve(std::uint64_t id);
  void close(std::uint64_t id);

  static constexpr std::size_t most_guests = 512;

  EventLoop& loop_;
  Setup setup_;
  Callbacks callbacks_;
  bool started_ = false;
  EventLoop::TimerId pause_ = 0;  ///< 0: it accepts
  std::map<std::uint64_t, std::unique_ptr<Guest>> guests_;
  std::uint64_t last_guest_ = 0;
};

}  // namespace wallaroo::internal::link
