// Part of the simulator of clusters: processes that die and sleep, and connections between them.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sim/cluster/mutations.hpp"
#include "sim/cluster/timeline.hpp"

namespace wallaroo::internal::sim {

/// A place for one process at a time.
struct Host {
  std::uint64_t life = 0;  ///< another one for every process
  bool up = false;
  bool silent = false;  ///< the whole machine is gone: nobody refuses connections
  bool asleep = false;
  std::vector<Timeline::Action> backlog;  ///< what happens when it wakes up
  std::int64_t etcd_blocked_until = 0;
};

/// A process, by its place and its life.
struct ProcessId {
  std::size_t host = 0;
  std::uint64_t life = 0;
};

/// A TCP connection. Bytes arrive in order or not at all.
struct Connection {
  struct End {
    ProcessId process;
    bool open = false;
    std::int64_t last_arrival = 0;
    std::function<void(bool refused)> closed;
  };
  std::array<End, 2> ends;
  bool severed = false;  ///< everything under way is lost
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// One end of a connection, as its process holds it.
struct Socket {
  ConnectionPtr connection;
  std::size_t end = 0;

  explicit operator bool() const { return connection && connection->ends[end].open; }
  bool operator==(const Socket&) const = default;
};

class Network {
 public:
  Network(Timeline& time, Random& random, ClusterHappened& happened, std::size_t count)
      : hosts(count), time_(time), random_(random), happened_(happened), blocked_(count * count) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  /// What is called when a connection closes may hold the connection.
  ~Network() {
    for (const std::weak_ptr<Connection>& dialed : dialed_) {
      if (const ConnectionPtr connection = dialed.lock()) {
        connection->ends[0].closed = nullptr;
        connection->ends[1].closed = nullptr;
      }
    }
  }

  std::vector<Host> hosts;
  bool calm = false;  ///< no delays that are long

  ProcessId process(std::size_t host) const { return {host, hosts[host].life}; }
  bool alive(const ProcessId& process) const {
    return hosts[process.host].up && hosts[process.host].life == process.life;
  }
  /// Lets a process do something, now or when it wakes up; a dead one does nothing.
  void run_on(const ProcessId& process, Timeline::Action action) {
    if (!alive(process)) {
      return;
    }
    if (hosts[process.host].asleep) {
      hosts[process.host].backlog.push_back(
          [this, process, action = std::move(action)] { run_on(process, action); });
      return;
    }
    action();
  }
  void run_later(const ProcessId& process, std::int64_t delay, Timeline::Action action) {
    time_.after(delay, [this, process, action = std::move(action)] { run_on(process, action); });
  }

  std::int64_t delay() {
    const bool slow = !calm && random_.one_in(40);
    return static_cast<std::int64_t>(random_.between(50, slow ? 100'000 : 2'000)) * us;
  }

  /// Connects to the process on another host, where `accept` is called with the other end. `closed`
  /// is called once, when the connection turns out to be lost or was refused.
  Socket dial(const ProcessId& from, std::size_t to, std::function<void(Socket)> accept,
              std::function<void(bool refused)> closed) {
    auto connection = std::make_shared<Connection>();
    dialed_.push_back(connection);
    connection->ends[0] = {from, true, 0, std::move(closed)};
    const std::int64_t arrival = time_.now() + delay();
    connection->ends[1].last_arrival = arrival;
    connection->ends[1].open = true;
    time_.at(arrival, [this, connection, to, accept = std::move(accept)] {
      const bool blocked =
          blocked_[connection->ends[0].process.host * hosts.size() + to] > time_.now();
      if (blocked || !hosts[to].up) {
        connection->severed = true;
        const bool silent = blocked || hosts[to].silent;
        notice(connection, 0, silent ? 1000 * ms : delay(), !silent);
        return;
      }
      connections_.push_back(connection);
      connection->ends[1].process = process(to);
      run_on(process(to), [connection, accept] { accept({connection, 1}); });
    });
    return {connection, 0};
  }
  void on_closed(const Socket& socket, std::function<void(bool refused)> closed) {
    socket.connection->ends[socket.end].closed = std::move(closed);
  }
  void send(const Socket& socket, Timeline::Action action) {
    if (!socket || socket.connection->severed) {
      return;
    }
    ConnectionPtr connection = socket.connection;
    const std::size_t to = 1 - socket.end;
    std::int64_t& last = connection->ends[to].last_arrival;
    last = std::max(last + 1, time_.now() + delay());
    time_.at(last, [this, connection, to, action = std::move(action)] {
      if (connection->severed) {
        return;
      }
      run_on(connection->ends[to].process, [connection, to, action] {
        if (connection->ends[to].open) {
          action();
        }
      });
    });
  }
  /// The process closes its end; the other one notices when it has read what came before.
  void close(Socket& socket) {
    if (socket) {
      Connection::End& end = socket.connection->ends[socket.end];
      end.open = false;
      end.closed = nullptr;
      const std::int64_t last = socket.connection->ends[1 - socket.end].last_arrival;
      notice(socket.connection, 1 - socket.end, std::max(last - time_.now(), delay()), false);
    }
    socket = {};
  }

  /// A reset: both ends notice.
  void sever(const ConnectionPtr& connection) {
    ++happened_.cuts;
    connection->severed = true;
    notice(connection, 0, delay(), false);
    notice(connection, 1, delay(), false);
  }
  /// One end notices at once, the other one when it misses the answer to a ping.
  void make_half_open(const ConnectionPtr& connection) {
    ++happened_.half_open;
    connection->severed = true;
    const std::size_t first = random_.below(2);
    notice(connection, first, random_.one_in(2) ? delay() : ping_timeout(), false);
    notice(connection, 1 - first, ping_timeout(), false);
  }
  void block(std::size_t a, std::size_t b, std::int64_t until) {
    blocked_[a * hosts.size() + b] = blocked_[b * hosts.size() + a] = until;
    for (const ConnectionPtr& connection : between(a, b)) {
      make_half_open(connection);
    }
  }
  /// The process on this host reaches nobody but itself and the store, and learns that only in the
  /// end.
  void isolate(std::size_t host, std::int64_t until) {
    ++happened_.isolated;
    hosts[host].etcd_blocked_until = until;
    for (std::size_t other = 0; other != hosts.size(); ++other) {
      if (other == host) {
        continue;
      }
      blocked_[host * hosts.size() + other] = blocked_[other * hosts.size() + host] = until;
      for (const ConnectionPtr& connection : between(host, other)) {
        const std::size_t own = connection->ends[0].process.host == host ? 0 : 1;
        connection->severed = true;
        notice(connection, 1 - own, ping_timeout(), false);
        notice(connection, own, until - time_.now(), false);
      }
    }
  }
  void unblock_all() { std::fill(blocked_.begin(), blocked_.end(), 0); }
  /// The process on this host dies; `silent`: with its machine.
  void die(std::size_t host, bool silent) {
    hosts[host].up = false;
    hosts[host].silent = silent;
    hosts[host].asleep = false;
    hosts[host].backlog.clear();
    for (std::size_t other = 0; other != hosts.size(); ++other) {
      for (const ConnectionPtr& connection : between(host, other)) {
        connection->severed = true;
        for (const std::size_t end : {0u, 1u}) {
          notice(connection, end, silent ? ping_timeout() : delay(), !silent);
        }
      }
    }
  }
  ConnectionPtr any_connection() {
    forget_old();
    return connections_.empty() ? nullptr : connections_[random_.below(connections_.size())];
  }

 private:
  std::int64_t ping_timeout() {
    return static_cast<std::int64_t>(random_.between(2000, 5000)) * ms;
  }
  void notice(const ConnectionPtr& connection, std::size_t end, std::int64_t delay, bool refused) {
    time_.after(delay, [this, connection, end, refused] {
      run_on(connection->ends[end].process, [connection, end, refused] {
        if (std::exchange(connection->ends[end].open, false) && connection->ends[end].closed) {
          std::exchange(connection->ends[end].closed, nullptr)(refused);
        }
      });
    });
  }
  std::vector<ConnectionPtr> between(std::size_t a, std::size_t b) {
    forget_old();
    std::vector<ConnectionPtr> found;
    for (const ConnectionPtr& connection : connections_) {
      const std::size_t x = connection->ends[0].process.host;
      const std::size_t y = connection->ends[1].process.host;
      if ((x == a && y == b) || (x == b && y == a)) {
        found.push_back(connection);
      }
    }
    return found;
  }
  void forget_old() {
    std::erase_if(connections_, [](const ConnectionPtr& connection) {
      return connection->severed || !connection->ends[0].open || !connection->ends[1].open;
    });
  }

  Timeline& time_;
  Random& random_;
  ClusterHappened& happened_;
  std::vector<std::int64_t> blocked_;  ///< [from * hosts + to]: until when
  std::vector<ConnectionPtr> connections_;
  std::vector<std::weak_ptr<Connection>> dialed_;  ///< all
};

}  // namespace wallaroo::internal::sim
