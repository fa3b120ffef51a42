// A connection to etcd: sockets, timers and HTTP around the decisions of an Exchange.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer does not see Asio's fences, and the compiler warns about each. That does no harm:
// all handlers run on one thread.
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "cluster/coordination.hpp"
#include "cluster/etcd/exchange.hpp"
#include "cluster/etcd/gateway.hpp"
#include "io/address.hpp"

namespace wallaroo::internal::cluster {

/// Sends requests to one of several endpoints and reads what they say. Used only on the thread that
/// runs `io`, or while nobody does. After the destructor nothing is called any more.
class EtcdConnection {
 public:
  struct Call {
    gateway::Request request;
    std::string token = {};  ///< of the user; empty: none
    std::int64_t limit_ns = 1'000'000'000;
    /// Given each line of an answer without end. Without it the answer is read as a whole.
    std::function<void(std::string_view line)> heard = {};
    /// Called last, and once: with the body of the answer or with the reason why there is none. An
    /// answer without end has no body.
    std::function<void(const std::variant<std::string, NoAnswer>&)> done;
  };

  EtcdConnection(boost::asio::io_context& io, std::vector<HostPort> endpoints,
                 ExchangeConfig config);
  EtcdConnection(const EtcdConnection&) = delete;
  EtcdConnection& operator=(const EtcdConnection&) = delete;
  ~EtcdConnection();

  /// Returns a number by which `cancel` knows the call.
  std::uint64_t call(Call call);
  /// The call's functions are not called any more. Harmless for one that is done.
  void cancel(std::uint64_t call);
  /// "etcd at 10.0.0.1:2379"
  std::string where() const { return exchange_.where(); }

 private:
  class Line;

  void carry_out(const ExchangeDecisions& decisions);
  void carry_out_one(const exchange::Dial& dial);
  void carry_out_one(const exchange::Send& send);
  void carry_out_one(const exchange::Close&);
  void carry_out_one(const exchange::Fail& fail);
  void arm();
  void tick();
  void connected();
  void unasked();
  void heard(std::uint64_t call, std::string_view line);
  void answered(std::uint64_t call, std::string body, bool stays);
  void broken(const std::string& reason);
  std::int64_t now() const { return clock_.now_ns(); }

  boost::asio::io_context& io_;
  std::vector<HostPort> endpoints_;
  Exchange exchange_;
  SteadyClock clock_;
  boost::asio::steady_timer timer_;
  std::int64_t armed_ns_ = end_of_time;
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t last_call_ = 0;
  /// Calls that have failed, and why; they are told so from a later turn of the loop.
  std::vector<std::pair<std::function<void(const std::variant<std::string, NoAnswer>&)>, NoAnswer>>
      failed_;
  std::shared_ptr<Line> line_;  ///< the connection there is, or the attempt to make one
  std::size_t dialed_ = 0;      ///< its endpoint
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< the timer's handler asks
};

/// The endpoints' names, and the pauses between two rounds over them.
ExchangeConfig exchange_config(const std::vector<HostPort>& endpoints, std::int64_t most_pause_ns);

}  // namespace wallaroo::internal::cluster
