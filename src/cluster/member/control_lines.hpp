// The control connections of a worker: to the leader, and, at the leader, to the members.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/agent/agent.hpp"
#include "cluster/control/message.hpp"
#include "io/event_loop.hpp"
#include "link/message_connection.hpp"
#include "link/worker_dialer.hpp"

namespace wallaroo::internal::cluster {

/// Only on the loop's thread. A loss is told once, after it was tried whether the other process is
/// there at all. Its calls may come back to it.
class ControlLines {
 public:
  struct Calls {
    // Of the connection to the leader.
    std::function<void(std::uint64_t generation, const control::Message&)> from_leader;
    std::function<void(std::uint64_t generation, bool refused)> leader_lost;
    /// The leader has a newer generation.
    std::function<void(std::uint64_t generation)> stale;
    // Of the connections from members.
    std::function<void(std::uint64_t generation, const MemberId&, const control::Message&)>
        from_member;
    std::function<void(std::uint64_t generation, const MemberId&, bool refused)> member_lost;
  };
  struct Who {
    MemberId id;
    std::string address;
    std::uint64_t generation = 0;
  };

  ControlLines(EventLoop& loop, std::string token, Log log, Calls calls)
      : loop_(loop), token_(std::move(token)), log_(std::move(log)), calls_(std::move(calls)) {}

  /// Connects to the leader, unless there is such a connection or an attempt for that generation.
  void call_leader(const Who& leader, const link::Hello& hello);
  /// Closes the connection to the leader of that generation.
  void hang_up(std::uint64_t generation);
  void tell_leader(std::uint64_t generation, const control::Message& message);

  /// Takes a connection from a member; one that it had before is forgotten.
  void take_member(const Who& member, const link::Hello& hello, link::Introduced introduced);
  void tell_member(std::uint64_t generation, const MemberId& id, const control::Message& message);
  void tell_members(std::uint64_t generation, const control::Message& message);
  /// Closes the connections of that generation's members.
  void close_members(std::uint64_t generation);

 private:
  struct Line {
    Who who;
    link::Hello hello;
    std::unique_ptr<link::WorkerDialer> dialer;  ///< an attempt to connect
    std::unique_ptr<link::MessageConnection> connection;
    std::string waiting = {};  ///< said while the attempt is under way
  };

  void dialled(link::WorkerDialer::Result result);
  void leader_closed(const std::string& reason);
  void member_closed(const MemberId& id, const std::string& reason);
  void find_out(const Who& who, const link::Hello& hello, std::function<void(bool)> then);

  EventLoop& loop_;
  std::string token_;
  Log log_;
  Calls calls_;
  Line leader_;
  std::map<MemberId, Line> members_;
  std::map<std::uint64_t, std::unique_ptr<link::WorkerDialer>> probes_;
  std::uint64_t last_probe_ = 0;
};

}  // namespace wallaroo::internal::cluster
