// Checks orders against the market: records of two sources meet by their symbol.
//
// Market data sets the best bid and offer of a symbol. An order is rejected while the spread of its
// symbol is 0.05 or more, or 5 % or more of the middle, or not known. Rejected orders come out.
//
// In:  market data, records of 12 bytes: symbol (4 characters), bid and offer (32 bits each);
//      orders, records of 17 bytes: side ('B' or 'S'), order number (64 bits), symbol (4
//      characters), price (32 bits). Numbers are big-endian, prices in 1/10,000; each record is
//      preceded by its length (4 bytes, big-endian).
// Out: lines such as "AAPL B 17 rejected: bid 99500 offer 100000".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <wallaroo/wallaroo.hpp>

constexpr std::uint32_t widest_spread = 500;  // 0.05

struct Quote {
  std::string symbol;
  std::uint32_t bid;
  std::uint32_t offer;
};

struct Order {
  char side;
  std::uint64_t number;
  std::string symbol;
  std::uint32_t price;
};

// Streams must have records of one type to be merged.
using Message = std::variant<Quote, Order>;

// The state: one for each symbol; 0 as long as there was no market data.
struct Market {
  std::uint32_t bid = 0;
  std::uint32_t offer = 0;
};

struct Rejected {
  Order order;
  Market market;
};

wallaroo::Decoded<Message> decode_quote(std::string_view frame) {
  wallaroo::ByteReader in(frame);
  Quote quote{std::string(in.text(4)), in.big_endian<std::uint32_t>(),
              in.big_endian<std::uint32_t>()};
  if (!in.ok() || in.remaining() != 0 || quote.bid > quote.offer || quote.offer == 0) {
    return wallaroo::BadRecord{"market data has 12 bytes and a bid not above its offer"};
  }
  return quote;
}

wallaroo::Decoded<Message> decode_order(std::string_view frame) {
  wallaroo::ByteReader in(frame);
  Order order{in.big_endian<char>(), in.big_endian<std::uint64_t>(), std::string(in.text(4)),
              in.big_endian<std::uint32_t>()};
  if (!in.ok() || in.remaining() != 0 || (order.side != 'B' && order.side != 'S')) {
    return wallaroo::BadRecord{"an order has 17 bytes and the side B or S"};
  }
  return order;
}

std::string symbol_of(const Message& message) {
  return std::visit([](const auto& record) { return record.symbol; }, message);
}

bool accepts_orders(const Market& market) {
  const std::uint64_t spread = market.offer - market.bid;
  const std::uint64_t twice_the_middle = std::uint64_t{market.bid} + market.offer;
  return market.offer != 0 && spread < widest_spread && 40 * spread < twice_the_middle;
}

std::optional<Rejected> check(const Message& message, Market& market) {
  if (const auto* quote = std::get_if<Quote>(&message)) {
    market = {quote->bid, quote->offer};
    return std::nullopt;
  }
  if (accepts_orders(market)) {
    return std::nullopt;
  }
  return Rejected{std::get<Order>(message), market};
}

void encode(const Rejected& rejected, wallaroo::ByteWriter& out) {
  const auto& [order, market] = rejected;
  out.append(order.symbol).append(' ').append(order.side).append(' ').decimal(order.number);
  out.append(" rejected: bid ").decimal(market.bid).append(" offer ").decimal(market.offer);
  out.append('\n');
}

int main(int argc, char** argv) {
  wallaroo::Application app("market_spread");
  const auto quotes =
      app.source("market_data", wallaroo::tcp_source({.listen = "127.0.0.1:7011"}, decode_quote));
  const auto orders =
      app.source("orders", wallaroo::tcp_source({.listen = "127.0.0.1:7010"}, decode_order));
  orders.merge(quotes)
      .key_by("symbol", symbol_of)
      .to("check", check)
      .to_sink("rejected", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode));
  return wallaroo::run(app, argc, argv);
}
