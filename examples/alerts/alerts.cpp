// Two alerts from one source: a payment that is large (needs no state), and a user whose payments
// together become large (one total for each user). A payment that cannot be read is skipped.
//
// In:  lines such as "alice 125", a user and a whole number of euros.
// Out: lines such as "large: alice paid 1250" and "total: alice paid 2375".
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <wallaroo/wallaroo.hpp>

constexpr std::uint32_t large_payment = 1'000;
constexpr std::uint64_t large_total = 2'000;

struct Payment {
  std::string_view user;
  std::uint32_t euros;
};

// The state: one for each user.
struct UserTotal {
  std::uint64_t euros = 0;
};

struct Alert {
  std::string_view reason;
  std::string_view user;
  std::uint64_t euros;
};

wallaroo::Decoded<Payment> decode(std::string_view line) {
  const auto space = line.find(' ');
  if (space == 0 || space == line.npos) {
    return wallaroo::BadRecord{"a payment is a user, a space and a number"};
  }
  Payment payment{line.substr(0, space), 0};
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + space + 1, end, payment.euros);
  if (error != std::errc() || stop != end) {
    return wallaroo::BadRecord{"the amount is not a whole number of 32 bits"};
  }
  return payment;
}

std::optional<Alert> check_payment(const Payment& payment) {
  if (payment.euros <= large_payment) {
    return std::nullopt;
  }
  return Alert{"large", payment.user, payment.euros};
}

// Emits an alert once, when the total passes the bound.
std::optional<Alert> check_total(const Payment& payment, UserTotal& total) {
  const bool told = total.euros > large_total;
  total.euros += payment.euros;
  if (told || total.euros <= large_total) {
    return std::nullopt;
  }
  return Alert{"total", payment.user, total.euros};
}

void encode(const Alert& alert, wallaroo::ByteWriter& out) {
  out.append(alert.reason).append(": ").append(alert.user).append(" paid ");
  out.decimal(alert.euros).append('\n');
}

int main(int argc, char** argv) {
  const wallaroo::TcpSourceOptions input{.listen = "127.0.0.1:7010",
                                         .framing = wallaroo::Newline{},
                                         .on_error = wallaroo::OnError::skip};
  const auto output = wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode);

  wallaroo::Application app("alerts");
  const auto payments = app.source("payments", wallaroo::tcp_source(input, decode));
  payments.to("check_payment", check_payment).to_sink("large_payments", output);
  payments.key_by("user", &Payment::user)
      .to("check_total", check_total)
      .to_sink("large_totals", output);
  return wallaroo::run(app, argc, argv);
}
