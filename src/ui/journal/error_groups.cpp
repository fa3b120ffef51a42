#include "ui/journal/error_groups.hpp"

#include <algorithm>
#include <vector>

#include "record/describe.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

std::string without_numbers(std::string_view message) {
  std::string result;
  bool in_number = false;
  for (const char c : message) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) {
      result += c;
    } else if (!in_number) {
      result += '#';
    }
    in_number = digit;
  }
  return result;
}

ErrorGroups::Key ErrorGroups::key_of(const RefusedRecord& refused) {
  return {std::string(refused.stage), std::string(refused.kind),
          without_numbers(refused.message.substr(0, most_text))};
}

ErrorGroups::Group& ErrorGroups::group_of(const RefusedRecord& refused) {
  Key key = key_of(refused);
  const auto known = groups_.find(key);
  if (known != groups_.end()) {
    return known->second;
  }
  if (groups_.size() >= most_kept) {
    forget_oldest();
  }
  return groups_[std::move(key)];
}

void ErrorGroups::forget_oldest() {
  groups_.erase(std::min_element(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
    return a.second.seq < b.second.seq;
  }));
}

void ErrorGroups::grow(const RefusedRecord& refused, Group& group, std::uint64_t by, double time) {
  total_ += by;
  group.seq = total_;
  group.first = group.count == 0 ? time : group.first;
  group.last = time;
  group.count += by;
  group.message = refused.message.substr(0, most_text);
  group.policy = refused.policy;
  group.origin = refused.origin;
  if (show_records_) {
    group.excerpt.clear();
    append_escaped(group.excerpt, refused.record.substr(0, most_text));
  }
}

void ErrorGroups::add(const RefusedRecord& refused, double time) {
  const std::lock_guard lock(mutex_);
  grow(refused, group_of(refused), refused.count, time);
}

void ErrorGroups::count(const RefusedRecord& refused, std::uint64_t total, double time) {
  const std::lock_guard lock(mutex_);
  if (total == 0) {
    return;
  }
  std::uint64_t& counter = counters_[key_of(refused)];
  // The counter begins anew with each run.
  const std::uint64_t by = total < counter ? total : total - counter;
  counter = total;
  if (by > 0) {
    grow(refused, group_of(refused), by, time);
  }
}

std::string ErrorGroups::render(std::string_view plan_id, std::string_view worker,
                                const FindNode& find_node) const {
  const std::lock_guard lock(mutex_);
  std::vector<const std::pair<const Key, Group>*> newest;
  for (const auto& entry : groups_) {
    newest.push_back(&entry);
  }
  std::sort(newest.begin(), newest.end(),
            [](const auto* a, const auto* b) { return a->second.seq > b->second.seq; });
  JsonText json = begin_document(plan_id);
  json.member("total", total_).member("show_records", show_records_).key("groups").begin_array();
  for (const auto* const entry : newest) {
    const Group& group = entry->second;
    json.begin_object().member("seq", group.seq).member("worker", worker);
    json.member("stage", std::get<0>(entry->first));
    if (const int node = find_node(std::get<0>(entry->first)); node >= 0) {
      json.member("node", node);
    }
    json.member("kind", std::get<1>(entry->first)).member("message", group.message);
    json.member("policy", group.policy).member("count", group.count);
    json.member("first", group.first).member("last", group.last);
    if (!group.origin.empty()) {
      json.member("origin", group.origin);
    }
    if (!group.excerpt.empty()) {
      json.member("excerpt", group.excerpt);
    }
    json.end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace wallaroo::internal
