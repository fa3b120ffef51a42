// The calls of a member, over sockets to a real etcd.
#pragma once

#include <memory>
#include <string>

#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic ignored "-Wtsan"  // as in connection.hpp
#endif

#include <boost/asio/io_context.hpp>

#include "cluster/cluster_url.hpp"
#include "cluster/coordination.hpp"

namespace wallaroo::internal::cluster {

/// Speaks to etcd's JSON gateway over three connections: one for calls, one for keeping the lease
/// alive, which therefore never waits for another call, and one for the watch. With a user it asks
/// for a token first, and again when etcd has forgotten it. Used only on the thread that runs `io`.
class EtcdClient final : public Coordination {
 public:
  /// `prefix`: that of the cluster's keys.
  EtcdClient(boost::asio::io_context& io, const EtcdAccess& access, std::string prefix);
  ~EtcdClient() override;

  void range(Then<RangeAnswer> then) override;
  void commit(const Transaction& transaction, Then<CommitAnswer> then) override;
  void grant(std::int64_t ttl_s, Then<LeaseAnswer> then) override;
  void keep_alive(std::int64_t lease, std::int64_t limit_ns, Then<LeaseAnswer> then) override;
  void revoke(std::int64_t lease, Then<LeaseAnswer> then) override;
  void watch(std::int64_t from, Told told) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wallaroo::internal::cluster
