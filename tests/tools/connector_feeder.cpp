// Feeds the numbers below COUNT into a connector source, each one a message of that id, with the
// C++ client: connector_feeder HOST:PORT COUNT
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

#include <wallaroo/connector_client.hpp>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: connector_feeder HOST:PORT COUNT\n";
    return 2;
  }
  try {
    const std::uint64_t count = std::stoull(argv[2]);
    wallaroo::ConnectorClient client({.address = argv[1], .cookie = "cookie"});
    wallaroo::ConnectorStream& numbers = client.open_stream(1, "numbers");
    do {
      const auto next = [&] { return numbers.position ? *numbers.position + 1 : 0; };
      for (std::uint64_t number = next(); number < count; number = next()) {
        client.send(numbers, number, std::to_string(number));
        if (number % 50 == 0) {
          client.poll(std::chrono::milliseconds(1));
        }
      }
    } while (!client.end_stream(numbers));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
