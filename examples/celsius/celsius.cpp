// Converts temperatures: no state, records of a fixed size in, text out.
//
// In:  degrees Celsius, 4 bytes each: IEEE 754, big-endian.
// Out: lines such as "36.6 => 97.88", Celsius and Fahrenheit.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <wallaroo/wallaroo.hpp>

struct Temperature {
  float celsius;
  float fahrenheit;
};

float decode(std::span<const std::byte> frame) {
  return std::bit_cast<float>(wallaroo::ByteReader(frame).big_endian<std::uint32_t>());
}

// In double, so that the result is rounded once.
Temperature convert(float celsius) {
  return {celsius, static_cast<float>(celsius * 9.0 / 5.0 + 32.0)};
}

void encode(const Temperature& temperature, wallaroo::ByteWriter& out) {
  out.decimal(temperature.celsius).append(" => ").decimal(temperature.fahrenheit).append('\n');
}

int main(int argc, char** argv) {
  wallaroo::Application app("celsius");
  app.source("celsius",
             wallaroo::tcp_source({.listen = "127.0.0.1:7010", .framing = wallaroo::FixedSize{4}},
                                  decode))
      .to("convert", convert)
      .to_sink("fahrenheit", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode));
  return wallaroo::run(app, argc, argv);
}
