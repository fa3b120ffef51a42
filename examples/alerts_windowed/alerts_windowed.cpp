// Alerts when a user moves much money in a short time: totals of windows of 9 s, one every 3 s. A
// window in which a user deposited, or withdrew, more than 2000 euros in all is an alert.
//
// In:  lines such as "1709280001250 carol -420": milliseconds since the Unix epoch, a user, and a
//      whole number of euros, which is negative for a withdrawal. A line comes at most 2 s after
//      one with a later time.
// Out: lines such as "carol withdrew 2420 from 1709279997 to 1709280006", in seconds.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wallaroo/wallaroo.hpp>

using namespace std::chrono_literals;

constexpr std::int64_t most_euros = 2'000;

struct Transaction {
  std::int64_t time_ms;
  std::string_view user;
  std::int64_t euros;
};

using Total = wallaroo::WindowResult<std::string, std::int64_t>;

// Cuts the first word off the line.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

bool read(std::string_view word, std::int64_t& number) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc() && stop == end;
}

wallaroo::Decoded<Transaction> decode(std::string_view line) {
  Transaction transaction{};
  const bool has_time = read(take_word(line), transaction.time_ms);
  transaction.user = take_word(line);
  if (!has_time || transaction.user.empty() || !read(line, transaction.euros)) {
    return wallaroo::BadRecord{"a transaction is a time, a user and a number of euros"};
  }
  return transaction;
}

std::chrono::sys_time<std::chrono::milliseconds> time_of(const Transaction& transaction) {
  return std::chrono::sys_time<std::chrono::milliseconds>(1ms * transaction.time_ms);
}

std::optional<Total> check(const Total& total) {
  const bool suspicious = total.value > most_euros || total.value < -most_euros;
  return suspicious ? std::optional(total) : std::nullopt;
}

void encode(const Total& alert, wallaroo::ByteWriter& out) {
  const auto seconds = [](wallaroo::EventTime time) { return time.time_since_epoch() / 1s; };
  out.append(alert.key).append(alert.value > 0 ? " deposited " : " withdrew ");
  out.decimal(std::abs(alert.value)).append(" from ").decimal(seconds(alert.window.start_time()));
  out.append(" to ").decimal(seconds(alert.window.end_time())).append('\n');
}

int main(int argc, char** argv) {
  const wallaroo::TcpSourceOptions input{.listen = "127.0.0.1:7010",
                                         .framing = wallaroo::Newline{}};
  const auto last_9_s = wallaroo::range_windows(9s).with_slide(3s);

  wallaroo::Application app("alerts_windowed");
  app.source("transactions", wallaroo::tcp_source(input, decode))
      .event_time("time", time_of, wallaroo::bounded_lateness(2s))
      .key_by("user", &Transaction::user)
      .to("totals", last_9_s.over(wallaroo::sum(&Transaction::euros)))
      .to("check", check)
      .to_sink("alerts", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode));
  return wallaroo::run(app, argc, argv);
}
