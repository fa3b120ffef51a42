#include "metrics/http/gzip.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>

namespace wallaroo::internal {

namespace {

namespace zlib = boost::beast::zlib;

void append_little_endian(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>((value >> shift) & 0xff);
  }
}

/// Reads a weight such as "0", "0.25" or "1.000"; RFC 9110 allows three digits. Returns nothing for
/// any other text.
std::optional<int> thousandths(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return std::nullopt;
  }
  int value = (text[0] - '0') * 1000;
  int place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    }
    value += (text[i] - '0') * place;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Removes the text before the next `separator`, and the separator, from `rest`, and returns it.
std::string_view take_part(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view part = trimmed(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

/// The weight of "gzip;q=0.5" in thousandths; 0 when its parameter is malformed.
int weight_of(std::string_view parameters) {
  if (parameters.empty()) {
    return 1000;
  }
  if (!boost::algorithm::istarts_with(parameters, "q=")) {
    return 0;
  }
  return thousandths(trimmed(parameters.substr(2))).value_or(0);
}

}  // namespace

std::string gzip(std::string_view bytes) {
  // Magic, deflate, no flags, no time, no hint about the compressor, an unknown system.
  constexpr std::array<unsigned char, 10> header = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
  constexpr int fast = 3;
  constexpr int window_bits = 15;
  constexpr int memory_level = 8;
  zlib::deflate_stream stream;
  stream.reset(fast, window_bits, memory_level, zlib::Strategy::normal);
  std::string out(header.size() + stream.upper_bound(bytes.size()), '\0');
  std::copy(header.begin(), header.end(), out.begin());

  zlib::z_params io;
  io.next_in = bytes.data();
  io.avail_in = bytes.size();
  io.next_out = out.data() + header.size();
  io.avail_out = out.size() - header.size();
  boost::system::error_code error;
  stream.write(io, zlib::Flush::finish, error);
  if (error != zlib::error::end_of_stream) {
    throw std::runtime_error("gzip: " + error.message());
  }
  out.resize(header.size() + io.total_out);

  boost::crc_32_type checksum;
  checksum.process_bytes(bytes.data(), bytes.size());
  append_little_endian(out, checksum.checksum());
  append_little_endian(out, static_cast<std::uint32_t>(bytes.size()));
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<int> named;
  std::optional<int> any;
  int plain = 0;
  while (!accept_encoding.empty()) {
    std::string_view parameters = take_part(accept_encoding, ',');
    const std::string_view coding = take_part(parameters, ';');
    const int weight = weight_of(trimmed(parameters));
    if (boost::algorithm::iequals(coding, "gzip") || boost::algorithm::iequals(coding, "x-gzip")) {
      named = weight;
    } else if (coding == "*") {
      any = weight;
    } else if (boost::algorithm::iequals(coding, "identity")) {
      plain = weight;
    }
  }
  const int weight = named.value_or(any.value_or(0));
  return weight > 0 && weight >= plain;
}

}  // namespace wallaroo::internal
