#include "metrics/http/gzip.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

namespace wallaroo::internal {
namespace {

std::string inflated(const std::string& file, std::size_t size) {
  std::string out(size, '\0');
  boost::beast::zlib::inflate_stream stream;
  boost::beast::zlib::z_params io;
  io.next_in = file.data() + 10;
  io.avail_in = file.size() - 18;
  io.next_out = out.data();
  io.avail_out = out.size();
  boost::system::error_code error;
  stream.write(io, boost::beast::zlib::Flush::finish, error);
  EXPECT_EQ(io.total_out, size);
  EXPECT_EQ(io.avail_in, 0U);
  return out;
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

TEST(Gzip, GivesBackWhatWentIn) {
  std::string varied;
  for (std::uint32_t i = 0; i < 300'000; ++i) {
    varied += static_cast<char>((i * 2654435761U) >> (i % 25));
  }
  for (const std::string& text : {std::string("x"), std::string(5'000'000, 'y'), varied}) {
    const std::string file = gzip(text);
    ASSERT_GT(file.size(), 18U);
    EXPECT_EQ(file.substr(0, 3), "\x1f\x8b\x08");
    EXPECT_EQ(inflated(file, text.size()), text);
    EXPECT_EQ(number_at(file, file.size() - 4), text.size());
    boost::crc_32_type checksum;
    checksum.process_bytes(text.data(), text.size());
    EXPECT_EQ(number_at(file, file.size() - 8), checksum.checksum());
  }
}

TEST(Gzip, IsGivenToThoseWhoAcceptIt) {
  for (const char* field :
       {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, *;q=0.5", "gzip ; q=0.001", "br,gzip", "*",
        "identity;q=0.5, gzip", "gzip, identity", "gzip;Q=0.8", "*;q=0.1", ",,gzip,"}) {
    EXPECT_TRUE(accepts_gzip(field)) << field;
  }
  for (const char* field :
       {"", "identity", "br, deflate", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *",
        "gzip;q=0.5, identity", "gzip;q=", "gzip;q=x", "gzip;q=2", "gzip;q=0.1234", "gzip;q=-1",
        "gzip;level=9", "gzipped", ";q=1", "g zip"}) {
    EXPECT_FALSE(accepts_gzip(field)) << field;
  }
}

}  // namespace
}  // namespace wallaroo::internal
