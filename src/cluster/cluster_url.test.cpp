#include "cluster/cluster_url.hpp"

#include <string>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal::cluster {
namespace {

std::string mistake_in(const std::string& text) {
  try {
    parse_cluster_url(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(ClusterUrl, NamesEndpointsAndTheCluster) {
  const ClusterUrl one = parse_cluster_url("etcd://127.0.0.1:2379/shop");
  EXPECT_EQ(one.etcd, (EtcdAccess{{{"127.0.0.1", 2379}}, "", ""}));
  EXPECT_EQ(one.name, "shop");
  const ClusterUrl three = parse_cluster_url("etcd://a:1,[::1]:2,c.example:3/my-shop_2.0");
  EXPECT_EQ(three.etcd.endpoints, (std::vector<HostPort>{{"a", 1}, {"::1", 2}, {"c.example", 3}}));
  EXPECT_EQ(three.name, "my-shop_2.0");
  EXPECT_EQ(three.to_string(), "etcd://a:1,[::1]:2,c.example:3/my-shop_2.0");
}

TEST(ClusterUrl, HasAUserAndAPasswordWithEncodedCharacters) {
  const ClusterUrl user = parse_cluster_url("etcd://ann@h:1/c");
  EXPECT_EQ(user.etcd.user, "ann");
  EXPECT_EQ(user.etcd.password, "");
  EXPECT_EQ(user.to_string(), "etcd://ann@h:1/c");
  const ClusterUrl both = parse_cluster_url("etcd://a%40b:p%3a%2F%25%40w@h:1/c");
  EXPECT_EQ(both.etcd.user, "a@b");
  EXPECT_EQ(both.etcd.password, "p:/%@w");
  EXPECT_EQ(both.to_string(), "etcd://a%40b:***@h:1/c");
}

TEST(ClusterUrl, MistakesAreNamed) {
  const struct {
    const char* text;
    const char* reason;
  } mistakes[] = {
      {"", "it is empty; write etcd://HOST:PORT/NAME"},
      {"127.0.0.1:2379/shop", "does not begin with etcd://"},
      {"http://h:1/c", "does not begin with etcd://"},
      {"etcds://h:1/c", "not spoken to with TLS yet"},
      {"etcd://h:1", "the name of the cluster is missing"},
      {"etcd://h:1/", "the name of the cluster is missing"},
      {"etcd://h:1/a/b", "a character that is none of"},
      {"etcd://h:1/a b", "a character that is none of"},
      {"etcd:///c", "host:port"},
      {"etcd://h/c", "the port is missing"},
      {"etcd://h:x/c", "is not a port"},
      {"etcd://h:99999/c", "is not a port"},
      {"etcd://h:0/c", "0 is no port of etcd"},
      {"etcd://h:1,/c", "it is empty; write host:port"},
      {"etcd://h:1,h:1/c", "h:1 is there twice"},
      {"etcd://::1:1/c", "write an IPv6 address in brackets"},
      {"etcd://@h:1/c", "the user before the '@' is empty"},
      {"etcd://:word@h:1/c", "the user before the '@' is empty"},
      {"etcd://a:b:c@h:1/c", "write %3A"},
      {"etcd://a:b@c@h:1/c", "write %40"},
      {"etcd://a:b/c@h:1/c", "write %40 for an '@' and %2F"},
      {"etcd://a:%4@h:1/c", "two hexadecimal digits"},
      {"etcd://a:%zz@h:1/c", "two hexadecimal digits"},
  };
  for (const auto& [text, reason] : mistakes) {
    const std::string said = mistake_in(text);
    EXPECT_NE(said.find(reason), std::string::npos) << text << ": " << said;
    EXPECT_NE(said.find("is not the URL of a cluster"), std::string::npos) << said;
  }
  const std::string longest = "etcd://h:1/" + std::string(64, 'n');
  EXPECT_EQ(mistake_in(longest), "none");
  EXPECT_NE(mistake_in(longest + "n").find("has 65 characters"), std::string::npos);
}

TEST(ClusterUrl, NoMessageHasThePassword) {
  for (const char* text :
       {"etcd://ann:secret@h:0/c", "etcd://ann:secret@h:1", "ann:secret@h:1/c",
        "etcds://ann:secret@h:1/c", "etcd://ann:sec@secret@h:1/c", "etcd://ann:secret/more@h:1/c",
        "etcd://ann:secret%@h:1/c", "etcd://ann:secret:more@h:1/c", "etcd://ann:secret@h:1/a b"}) {
    const std::string said = mistake_in(text);
    EXPECT_NE(said, "none") << text;
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
    EXPECT_EQ(said.find("sec"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace wallaroo::internal::cluster
