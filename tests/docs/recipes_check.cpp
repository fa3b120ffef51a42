// Runs the recipes of docs/guide/recipes.md. recipes.inc has its declarations, each section in a
// namespace with the section's name; test_recipes.py makes it.
#include "prelude.hpp"

#include <charconv>
#include <cstdio>

#include <wallaroo/testing.hpp>

#include "recipes.inc"

namespace {

using namespace std::chrono_literals;
using wallaroo::EventTime;

int failures = 0;

void expect(bool holds, const char* what) {
  if (!holds) {
    std::printf("FAILED: %s\n", what);
    ++failures;
  }
}

EventTime at(std::int64_t seconds) { return EventTime(std::chrono::seconds(seconds)); }

template <class T>
bool refused(const wallaroo::Decoded<T>& decoded) {
  return std::holds_alternative<wallaroo::BadRecord>(decoded);
}

void json() {
  using namespace json_lines;
  const auto click = decode_click(R"({"user": "a\"nn", "time": 12, "more": [1]})");
  expect(std::get<Click>(click).user == "a\"nn" && std::get<Click>(click).time_ms == 12, "a click");
  for (const char* line : {"", "{", "[]", "7", "{}", R"({"user": 1, "time": 12})",
                           R"({"user": "ann", "time": 1.5})", R"({"user": "ann"})"}) {
    expect(refused(decode_click(line)), line);
  }
  std::string text;
  wallaroo::ByteWriter out(text);
  encode_click({"ann", 5}, out);
  out.close();
  expect(text == "{\"user\":\"ann\",\"time\":5}\n", "a click as JSON");
}

void lines_of_csv() {
  using namespace csv;
  using Fields = std::vector<std::string>;
  expect(csv_fields("") == Fields{""}, "an empty line has one empty field");
  expect(csv_fields("a,,b,") == Fields{"a", "", "b", ""}, "empty fields");
  expect(csv_fields(R"("a,b","say ""hi""",c)") == Fields{"a,b", "say \"hi\"", "c"}, "quotes");
  expect(!csv_fields("\"a,b"), "an open quote");
  expect(std::get<Purchase>(decode_purchase("ann,tea,350")).cents == 350, "a purchase");
  expect(std::holds_alternative<wallaroo::Skip>(decode_purchase("customer,product,cents")),
         "heading");
  expect(refused(decode_purchase("ann,tea,3x")) && refused(decode_purchase("ann,tea,")) &&
             refused(decode_purchase("")),
         "bad purchases");
}

void times() {
  using namespace times_as_text;
  expect(parse_time("1970-01-01T00:00:00Z") == at(0), "the epoch");
  expect(parse_time("2024-03-01T12:30:05.250Z") == at(1'709'296'205) + 250ms, "a fraction");
  expect(parse_time("2024-03-01T13:30:05+01:00") == at(1'709'296'205), "an offset");
  expect(parse_time("2024-03-01 07:00:05-0530") == at(1'709'296'205), "an offset to the west");
  expect(parse_time("2024-02-29T00:00:00") == at(1'709'164'800), "a leap day");
  for (const char* text : {"", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z",
                           "2024-03-01T24:00:00Z", "2024-03-01T12:60:00Z", "2024-03-01T12:30:05.Z",
                           "2024-03-01T12:30:05Zx", "2024-03-01T12:30:05+1", "1500-01-01T00:00:00Z",
                           "2024-13-01T12:30:05Z", "2024-3-1T12:30:05Z", "-024-03-01T12:30:05Z"}) {
    expect(!parse_time(text), text);
  }
}

template <class Record, class Result>
struct Pipeline {
  wallaroo::testing::Input<Record> input;
  std::vector<Result> results;
  auto sink() {
    return wallaroo::callback_sink([this](const Result& result) { results.push_back(result); });
  }
};

void without_duplicates() {
  using namespace duplicates;
  Pipeline<Event, Event> test;
  wallaroo::Application app("duplicates");
  app.source("events", test.input.source())
      .event_time("time", &Event::time, wallaroo::bounded_lateness(10s))
      .key_by("id", &Event::id)
      .to("once", wallaroo::stateful(first_within_an_hour).expire_after(1h))
      .to_sink("out", test.sink());
  wallaroo::testing::Harness harness(app);
  for (const std::int64_t second : {10, 5, 3609, 3610, 3620, 7209, 7210}) {
    test.input.push({"a", at(second)});
    harness.run();
  }
  std::vector<EventTime> passed;
  for (const Event& event : test.results) {
    passed.push_back(event.time);
  }
  expect(passed == std::vector{at(10), at(3610), at(7210)}, "one event in each hour");
}

void alarms_of_silence() {
  using namespace silence;
  Pipeline<Beat, Silent> test;
  wallaroo::Application app("silence");
  app.source("beats", test.input.source())
      .key_by("sensor", &Beat::sensor)
      .to("watch", Watch{})
      .to_sink("alarms", test.sink());
  wallaroo::testing::Harness harness(app);
  test.input.push({"a", at(1)});
  test.input.push({"b", at(1)});
  harness.run();
  harness.advance(50s);
  test.input.push({"a", at(51)});
  harness.run();
  harness.advance(15s);
  expect(test.results.size() == 1 && test.results.front().sensor == "b", "b is silent");
  harness.advance(10min);
  expect(test.results.size() == 2 && test.results.back().since == at(51), "then a, once");
}

void prices_as_of() {
  using namespace the_value_as_of_a_time;
  wallaroo::testing::Input<Quote> quotes;
  wallaroo::testing::Input<Trade> trades;
  std::vector<Priced> results;
  wallaroo::Application app("as of");
  const auto all_quotes = app.source("quotes", quotes.source())
                              .event_time("quoted", &Quote::time, wallaroo::bounded_lateness(1s))
                              .to("quote", [](const Quote& quote) { return Tick(quote); });
  const auto all_trades = app.source("trades", trades.source())
                              .event_time("traded", &Trade::time, wallaroo::bounded_lateness(1s))
                              .to("trade", [](const Trade& trade) { return Tick(trade); });
  all_quotes.merge(all_trades)
      .key_by("symbol", symbol_of)
      .to("as of", AsOf{})
      .to_sink("priced",
               wallaroo::callback_sink([&](const Priced& priced) { results.push_back(priced); }));
  wallaroo::testing::Harness harness(app);
  trades.push({"x", at(5), 1});   // before any quote
  trades.push({"x", at(10), 2});  // at the moment of a quote that comes later
  trades.push({"x", at(15), 3});
  quotes.push({"x", at(10), 1.5});
  quotes.push({"x", at(20), 2.5});
  harness.run();
  trades.push({"x", at(25), 4});
  harness.end();
  std::map<std::int64_t, std::optional<double>> prices;
  for (const Priced& priced : results) {
    prices[priced.trade.shares] = priced.price;
  }
  expect(results.size() == 4, "each trade once");
  expect(!prices[1] && prices[2] == 1.5 && prices[3] == 1.5 && prices[4] == 2.5, "prices as of");
}

void days() {
  using namespace local_days;
  // 2024-03-31 is the day of 23 hours in Berlin, from 30 March, 23:00 UTC.
  const EventTime start = at(1'711'839'600);
  const std::int32_t day = local_day(start);
  expect(local_day(start - 1s) == day - 1 && local_day(start + 23h - 1s) == day,
         "a day of 23 hours");
  expect(end_of_local_day(day) == start + 23h && end_of_local_day(day - 1) == start, "its end");
  expect(end_of_local_day(local_day(at(0)) + 19'000) > at(0), "the end of other days");

  Pipeline<Sale, DayResult> test;
  wallaroo::Application app("days");
  app.source("sales", test.input.source())
      .event_time("sold", &Sale::time, wallaroo::bounded_lateness(1min))
      .key_by("shop and day", shop_day)
      .to("day", wallaroo::stateful(SumOfDay{}).expire_after(48h))
      .to_sink("days", test.sink());
  wallaroo::testing::Harness harness(app);
  // The sale at +31h confirms that the clock of the one at +25h can be believed (max_jump).
  for (const auto& [time, cents] :
       {std::pair(start, 1), std::pair(start + 23h - 1s, 2), std::pair(start + 23h, 4),
        std::pair(start + 25h, 8), std::pair(start + 31h, 16)}) {
    test.input.push({"a", time, cents});
  }
  harness.run();
  expect(test.results.size() == 1 && test.results.front().cents == 3, "the day's sales");
  harness.end();
  expect(test.results.size() == 2 && test.results.back().cents == 28, "those of the next day");
}

void early_and_final() {
  using namespace early_results_before_a_second_window;
  wallaroo::testing::Input<Sale> sales;
  int live = 0;
  std::vector<SalesOfShop> best;
  wallaroo::Application app("early");
  const auto hours =
      app.source("sales", sales.source())
          .event_time("sold", &Sale::time)
          .key_by("shop", &Sale::shop)
          .to("hours",
              wallaroo::range_windows(1h).with_early_output(5s).over(wallaroo::sum(&Sale::cents)));
  hours.to_sink("live", wallaroo::callback_sink([&](const SalesOfShop&) { ++live; }));
  hours.to("final", only_final)
      .to("hours a day", wallaroo::range_windows(24h).over(wallaroo::sum(&SalesOfShop::value)))
      .to_sink("best",
               wallaroo::callback_sink([&](const SalesOfShop& one) { best.push_back(one); }));
  wallaroo::testing::Harness harness(app);
  for (int i = 0; i < 3; ++i) {
    sales.push({"a", at(10 + i), 5});
    harness.run();
    harness.advance(6s);
  }
  harness.end();
  expect(live > 1, "early results are shown");
  expect(best.size() == 1 && best.front().value == 15, "and counted once");
}

}  // namespace

int main() {
  json();
  lines_of_csv();
  times();
  without_duplicates();
  alarms_of_silence();
  prices_as_of();
  days();
  early_and_final();
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
