#include "metrics/push/push_message.hpp"

namespace wallaroo::internal {

namespace {

enum class Kind : std::uint8_t { connect = 1, join = 2, payload = 3 };

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = sizeof number; i > 0; --i) {
    out.push_back(static_cast<char>(number >> (8 * (i - 1))));
  }
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

std::string message(Kind kind, std::string_view body) {
  std::string out;
  put(out, static_cast<std::uint32_t>(1 + body.size()));
  out.push_back(static_cast<char>(kind));
  out.append(body);
  return out;
}

/// The header is the size that the original announces. It is not the size of what follows, and
/// receivers skip it.
std::uint32_t announced_size(const PushSender& sender, const PushName& about) {
  constexpr std::size_t four_lengths_and_id = 18;
  constexpr std::size_t numbers = 704;
  return static_cast<std::uint32_t>(four_lengths_and_id + about.name.size() +
                                    about.category.size() + sender.worker.size() +
                                    about.pipeline.size() + numbers);
}

}  // namespace

std::string push_connect() { return message(Kind::connect, {}); }

std::string push_join(const PushSender& sender) {
  std::string body;
  put_text(body, sender.topic);
  put_text(body, sender.worker);
  return message(Kind::join, body);
}

std::string push_payload(const PushSender& sender, const PushName& about,
                         const PushHistogram& histogram, const PushPeriod& period) {
  std::string data;
  put(data, announced_size(sender, about));
  put_text(data, about.name);
  put_text(data, about.category);
  put_text(data, sender.worker);
  put_text(data, about.pipeline);
  put(data, about.id);
  for (const std::uint64_t count : histogram.in_bin) {
    put(data, count);
  }
  put(data, histogram.min_ns);
  put(data, histogram.max_ns);
  put(data, period.length_ns);
  put(data, period.end_ns);

  std::string body;
  put_text(body, "metrics");
  put_text(body, sender.topic);
  put_text(body, data);
  return message(Kind::payload, body);
}

}  // namespace wallaroo::internal
