// Compares random joins with one that is plain and slow.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "state/property.rig.hpp"
#include "window/joins/join.rig.hpp"

namespace wallaroo::internal {
namespace {

using join_rig::Outputs;
using property_rig::expect_property;

struct Event {
  enum class Kind { left, right, watermark, fire, timeout } kind;
  int key;
  std::int64_t offset;  // of the time; the number of records that a slice fires
};

void showValue(const Event& event, std::ostream& out) {
  constexpr const char* names[] = {"left", "right", "watermark", "fire", "time-out"};
  out << names[static_cast<int>(event.kind)] << " key " << event.key << " " << event.offset;
}

// Follows the guide sentence by sentence, over all records that ever came. Its times have no
// limits.
class PlainJoin {
 public:
  explicit PlainJoin(const JoinSettings& settings) : settings_(settings) {}

  void on_record(bool is_left, int key, std::int64_t time, int id) {
    Record mine{is_left, key, time, id, may_miss_a_partner(is_left, time), false, false};
    // "Every pair that can be made is made, when the second of its records arrives."
    std::vector<Record*> partners;
    for (Record& other : all_) {
      if (other.key == key && match(mine, other) && !is_gone(other.is_left, other.time)) {
        partners.push_back(&other);
      }
    }
    std::stable_sort(partners.begin(), partners.end(),
                     [](const Record* a, const Record* b) { return a->time < b->time; });
    for (Record* const partner : partners) {
      mine.has_partner = partner->has_partner = true;
      say(key, fmt::format("{}+{}@{}", is_left ? id : partner->id, is_left ? partner->id : id,
                           std::max(time, partner->time)));
    }
    all_.push_back(mine);
    tell_of_the_gone();
  }

  void on_watermark(std::int64_t watermark) {
    reached_ = std::max(reached_, watermark);
    tell_of_the_gone();
  }

  // "All that waits is given up, as if the watermark had got there."
  void on_timeout() {
    std::int64_t until = reached_;
    for (const Record& record : all_) {
      if (!is_gone(record.is_left, record.time)) {
        const Wide gone =  // nothing goes before there is a watermark
            std::max<Wide>(stays_until(record.is_left, record.time), no_time) + 1;
        until = std::max(until, static_cast<std::int64_t>(gone));
      }
    }
    on_watermark(until);
  }

  const std::set<int>& late() const { return late_; }
  bool anything_waits() const {
    return std::any_of(all_.begin(), all_.end(),
                       [&](const Record& r) { return !is_gone(r.is_left, r.time); });
  }
  const std::map<int, std::vector<std::string>>& outputs() const { return outputs_; }

 private:
  __extension__ using Wide = __int128;
  struct Record {
    bool is_left;
    int key;
    std::int64_t time;
    int id;
    bool is_late;
    bool has_partner;
    bool is_told;  // its end was reported when it was gone
  };

  bool match(const Record& a, const Record& b) const {
    const Wide left = a.is_left ? a.time : b.time;
    const Wide right = a.is_left ? b.time : a.time;
    return a.is_left != b.is_left && left + settings_.lower_ns <= right &&
           right <= left + settings_.upper_ns;
  }
  // The times of the partners that a record may have, on the other side.
  std::pair<Wide, Wide> partners(bool is_left, Wide time) const {
    return is_left ? std::pair(time + settings_.lower_ns, time + settings_.upper_ns)
                   : std::pair(time - settings_.upper_ns, time - settings_.lower_ns);
  }
  // "Until the watermark is more than the delay beyond its last possible partner"; a record that
  // would have to stay beyond the end of time goes then.
  Wide stays_until(bool is_left, Wide time) const {
    return std::min<Wide>(partners(is_left, time).second + settings_.delay_ns, end_of_time - 1);
  }
  bool is_gone(bool is_left, Wide time) const {
    return reached_ != no_time && reached_ > stays_until(is_left, time);
  }
  // "A record is late when a partner of it may have left already": each possible one is tried.
  bool may_miss_a_partner(bool is_left, std::int64_t time) {
    const auto [first, last] = partners(is_left, time);
    for (Wide partner = first; partner <= last; ++partner) {
      if (is_gone(!is_left, partner)) {
        return true;
      }
    }
    return reached_ == end_of_time;
  }
  bool outer(bool is_left) const {
    return settings_.kind == JoinKind::full ||
           settings_.kind == (is_left ? JoinKind::left : JoinKind::right);
  }

  void tell_of_the_gone() {
    std::vector<Record*> gone;
    for (Record& record : all_) {
      if (record.is_late) {
        late_.insert(record.id);
      }
      if (!record.is_told && is_gone(record.is_left, record.time)) {
        record.is_told = true;
        gone.push_back(&record);
      }
    }
    std::stable_sort(gone.begin(), gone.end(), [&](const Record* a, const Record* b) {
      return std::tuple(stays_until(a->is_left, a->time), !a->is_left, a->time) <
             std::tuple(stays_until(b->is_left, b->time), !b->is_left, b->time);
    });
    for (const Record* const record : gone) {
      if (!record->has_partner) {
        tell_of(*record);
      }
    }
  }
  void tell_of(const Record& record) {
    const bool to_stream = record.is_late && settings_.late == LateData::to_stream;
    const bool dropped = record.is_late && settings_.late == LateData::drop;
    if (to_stream || (outer(record.is_left) && !dropped)) {
      const std::string text = record.is_left ? fmt::format("{}+_@{}", record.id, record.time)
                                              : fmt::format("_+{}@{}", record.id, record.time);
      say(record.key, (to_stream ? "late " : "") + text);
    }
  }
  void say(int key, std::string text) { outputs_[key].push_back(std::move(text)); }

  JoinSettings settings_;
  std::int64_t reached_ = no_time;  // by the watermark or a time-out
  std::vector<Record> all_;
  std::set<int> late_;
  std::map<int, std::vector<std::string>> outputs_;
};

JoinSettings any_settings() {
  JoinSettings settings;
  settings.lower_ns = *rc::gen::inRange(-8, 8);
  settings.upper_ns = settings.lower_ns + *rc::gen::inRange(0, 10);
  settings.kind =
      *rc::gen::element(JoinKind::inner, JoinKind::left, JoinKind::right, JoinKind::full);
  settings.delay_ns = *rc::gen::weightedElement<int>({{2, 0}, {1, 1}, {1, 5}});
  settings.late =
      *rc::gen::element(LateData::drop, LateData::fire_per_message, LateData::to_stream);
  settings.timeout_ns = 10;
  return settings;
}

// Time goes on with the position in the stream, so that records are early, on time and late.
std::vector<Event> any_events() {
  const auto kinds = rc::gen::weightedElement<Event::Kind>({{6, Event::Kind::left},
                                                            {6, Event::Kind::right},
                                                            {3, Event::Kind::watermark},
                                                            {2, Event::Kind::fire},
                                                            {1, Event::Kind::timeout}});
  return *rc::gen::container<std::vector<Event>>(
      rc::gen::map(rc::gen::tuple(kinds, rc::gen::inRange(0, 2), rc::gen::inRange(0, 24)),
                   [](const std::tuple<Event::Kind, int, int>& each) {
                     return Event{std::get<0>(each), std::get<1>(each), std::get<2>(each)};
                   }));
}

// Feeds both joins with the same events, and checks the real one's promises after each.
class Comparison {
 public:
  Comparison(const JoinSettings& settings, std::int64_t origin)
      : plain_(settings), set_(settings), origin_(origin) {}

  void on(const Event& event, int index) {
    const std::int64_t time = saturating_add(origin_, event.offset + index / 3);
    switch (event.kind) {
      case Event::Kind::left:
      case Event::Kind::right:
        on_record(event.kind == Event::Kind::left, event.key, time, index);
        break;
      case Event::Kind::watermark:
        on_watermark(saturating_subtract(time, 12));
        break;
      case Event::Kind::fire:
        set_.fire_due(static_cast<std::size_t>(event.offset) % 4, out_);
        break;
      case Event::Kind::timeout:
        on_timeout();
        break;
    }
    check_promise();
  }

  void end() {
    on_watermark(end_of_time);
    while (set_.fire_due(2, out_)) {
      check_promise();
    }
    RC_ASSERT(out_.by_key == plain_.outputs());
    RC_ASSERT(set_.output_watermark() == end_of_time);
    RC_ASSERT(set_.keys() == 0u);
    check_counts();
  }

 private:
  void on_record(bool is_left, int key, std::int64_t time, int record) {
    plain_.on_record(is_left, key, time, record);
    out_.late = plain_.late();
    out_.arriving = record;
    if (is_left) {
      set_.on_left(hash_key(key), key, time, record, out_);
    } else {
      set_.on_right(hash_key(key), key, time, record, out_);
    }
    RC_ASSERT(set_.counts().late == plain_.late().size());
  }
  void on_watermark(std::int64_t watermark) {
    plain_.on_watermark(watermark);
    set_.on_watermark(watermark);
  }

  void on_timeout() {
    set_.on_time(++now_);
    RC_ASSERT(set_.next_time_ns() == (plain_.anything_waits() ? now_ + 10 : end_of_time));
    plain_.on_timeout();
    set_.on_time(now_ += 10);
    RC_ASSERT(set_.next_time_ns() == end_of_time);
  }

  // Checks that no output is earlier than was promised, and that promises do not go back.
  void check_promise() {
    RC_ASSERT(out_.earliest >= promised_);
    out_.earliest = end_of_time;
    RC_ASSERT(set_.output_watermark() >= promised_);
    promised_ = set_.output_watermark();
  }

  void check_counts() {
    const JoinCounts& counts = set_.counts();
    std::uint64_t pairs = 0;
    std::uint64_t alone = 0;
    std::uint64_t to_stream = 0;
    for (const auto& [key, texts] : out_.by_key) {
      for (const std::string& text : texts) {
        ++(text.starts_with("late") ? to_stream : text.find('_') == text.npos ? pairs : alone);
      }
    }
    RC_ASSERT(counts.matched == pairs);
    RC_ASSERT(counts.unmatched == alone);
    RC_ASSERT(counts.buffered == 0u);
    RC_ASSERT(counts.late >= counts.dropped + to_stream);
  }

  PlainJoin plain_;
  JoinSet<int, int, int> set_;
  std::int64_t origin_;
  Outputs out_;
  std::int64_t promised_ = no_time;
  std::int64_t now_ = 0;
};

TEST(JoinProperty, OutputsOfEachKeyAreThoseOfAPlainJoinHoweverFiringIsSliced) {
  expect_property("join", 5000, [] {
    Comparison comparison(any_settings(),
                          *rc::gen::weightedElement<std::int64_t>(
                              {{8, 0}, {1, no_time}, {1, no_time + 15}, {1, end_of_time - 15}}));
    int index = 0;
    for (const Event& event : any_events()) {
      comparison.on(event, index++);
    }
    comparison.end();
  });
}

// In a stream that keeps to its watermarks every pair is found, as in a join of two tables.
TEST(JoinProperty, RecordsThatAreNotBehindTheWatermarkMeetAllTheirPartners) {
  expect_property("complete", 1000, [] {
    const JoinSettings settings = any_settings();
    JoinSet<int, int, int> set(settings);
    Outputs out;
    std::vector<std::pair<std::int64_t, int>> lefts;
    std::vector<std::pair<std::int64_t, int>> rights;
    std::int64_t watermark = 0;
    int index = 0;
    for (const Event& event : any_events()) {
      const std::int64_t time = watermark - settings.delay_ns + event.offset;
      if (event.kind == Event::Kind::left) {
        set.on_left(hash_key(0), 0, time, index, out);
        lefts.emplace_back(time, index);
      } else if (event.kind == Event::Kind::right) {
        set.on_right(hash_key(0), 0, time, index, out);
        rights.emplace_back(time, index);
      } else {
        set.on_watermark(watermark += event.offset / 4);
      }
      ++index;
    }
    std::vector<std::string> expected;
    for (const auto& [a, left] : lefts) {
      for (const auto& [b, right] : rights) {
        if (a + settings.lower_ns <= b && b <= a + settings.upper_ns) {
          expected.push_back(fmt::format("{}+{}@{}", left, right, std::max(a, b)));
        }
      }
    }
    std::vector<std::string>& found = out.by_key[0];
    std::erase_if(found, [](const std::string& text) { return text.find('_') != text.npos; });
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(found == expected);
    RC_ASSERT(set.counts().late == 0u);
  });
}

// An outer join with a stream of late records accounts for each record, whatever came when.
TEST(JoinProperty, ARecordIsInAPairOrAloneOrLateAndAloneOnlyWhenAllItsPartnersCameLate) {
  expect_property("alone", 2000, [] {
    JoinSettings settings = any_settings();
    settings.kind = JoinKind::full;
    settings.late = LateData::to_stream;
    JoinSet<int, int, int> set(settings);
    Outputs out;
    struct Came {
      bool is_left;
      std::int64_t time;
      bool in_time;  // not more than the delay behind the watermark
    };
    std::map<int, Came> all;
    std::int64_t watermark = no_time;
    int index = 0;
    for (const Event& event : any_events()) {
      const std::int64_t time = event.offset + index / 3;
      if (event.kind == Event::Kind::left || event.kind == Event::Kind::right) {
        const bool is_left = event.kind == Event::Kind::left;
        is_left ? set.on_left(hash_key(0), 0, time, index, out)
                : set.on_right(hash_key(0), 0, time, index, out);
        const bool in_time = watermark == no_time || time >= watermark - settings.delay_ns;
        all[index] = {is_left, time, in_time};
      } else if (event.kind == Event::Kind::watermark) {
        watermark = std::max(watermark, time - 12);
        set.on_watermark(watermark);
        set.fire_due(static_cast<std::size_t>(event.offset), out);
      }
      ++index;
    }
    set.on_watermark(end_of_time);
    set.fire_due(1'000'000, out);
    std::set<int> paired;
    std::map<int, std::string> unpaired;
    for (const std::string& text : out.by_key[0]) {
      const std::string pair = text.substr(text.starts_with("late ") ? 5 : 0);
      const std::size_t plus = pair.find('+');
      const std::string left = pair.substr(0, plus);
      const std::string right = pair.substr(plus + 1, pair.find('@') - plus - 1);
      if (left != "_" && right != "_") {
        paired.insert({std::stoi(left), std::stoi(right)});
      } else {
        RC_ASSERT(unpaired.emplace(std::stoi(left == "_" ? right : left), text).second);
      }
    }
    for (const auto& [id, mine] : all) {
      RC_ASSERT(paired.contains(id) != unpaired.contains(id));
      const bool alone = unpaired.contains(id) && !unpaired[id].starts_with("late ");
      RC_ASSERT(!alone || mine.in_time);
      for (const auto& [other_id, other] : all) {
        const std::int64_t apart = mine.is_left ? other.time - mine.time : mine.time - other.time;
        const bool partner = mine.is_left != other.is_left && settings.lower_ns <= apart &&
                             apart <= settings.upper_ns;
        RC_ASSERT(!alone || !partner || !other.in_time);
      }
    }
  });
}

}  // namespace
}  // namespace wallaroo::internal
