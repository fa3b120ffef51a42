// The address of a cluster, as people write it: etcd://user:password@host:2379,host2:2379/NAME.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/address.hpp"

namespace wallaroo::internal::cluster {

/// Where etcd is, and who asks it. Without a user etcd is asked without credentials.
struct EtcdAccess {
  std::vector<HostPort> endpoints;
  std::string user;
  std::string password;

  friend bool operator==(const EtcdAccess&, const EtcdAccess&) = default;
};

struct ClusterUrl {
  EtcdAccess etcd;
  std::string name;

  /// The URL without the password, for logs and messages.
  std::string to_string() const;
  friend bool operator==(const ClusterUrl&, const ClusterUrl&) = default;
};

/// Reads "etcd://[USER[:PASSWORD]@]HOST:PORT[,HOST:PORT...]/NAME". In user and password, '%' and
/// two hexadecimal digits stand for any byte; '@', ':', '/', ',' and '%' must be written so. Throws
/// ConfigError, which says what is wrong and how the URL should look, and never has the password.
ClusterUrl parse_cluster_url(std::string_view text);

}  // namespace wallaroo::internal::cluster
