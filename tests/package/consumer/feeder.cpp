// Links with the client library alone. The library refuses an address that nobody could connect to.
#include <cstdio>

#include <wallaroo/connector_client.hpp>
#include <wallaroo/types/error.hpp>

int main() {
  try {
    wallaroo::ConnectorClient client({.address = "no address", .cookie = "secret"});
    client.open_stream(1, "numbers");
    std::printf("connected\n");
  } catch (const wallaroo::ConfigError&) {
    std::printf("the address is refused\n");
  }
  return 0;
}
