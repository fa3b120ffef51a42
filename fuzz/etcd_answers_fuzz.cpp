// Any bytes are either an answer of etcd or refused with a reason, and any value of a key is either
// read, and comes back the same after it was written again, or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/etcd/gateway.hpp"
#include "cluster/json_fields.hpp"
#include "cluster/view.hpp"

namespace {

using namespace wallaroo::internal::cluster;

const std::string prefix = prefix_of("f");

void require(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << what << '\n';
    std::abort();
  }
}

template <class Read>
void check_answer(Read read, std::string_view bytes) {
  try {
    read(bytes);
  } catch (const WrongJson& wrong) {
    require(*wrong.what() != '\0', "a refusal says why");
  }
}

template <class Record>
void check_again(const std::string& name, const Record& record,
                 const std::optional<Record> View::*member) {
  const auto again = read_view(prefix, 9, {{prefix + name, to_json(record), 3, 4, 5}});
  require(std::holds_alternative<View>(again), "what is written can be read");
  require(std::get<View>(again).*member == record, "a value comes back the same");
}

void check_value(const std::string& name, std::string_view bytes) {
  const auto read = read_view(prefix, 9, {{prefix + name, std::string(bytes), 3, 4, 5}});
  if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
    require(!unreadable->message.empty(), "a refusal says why");
    return;
  }
  const View& view = std::get<View>(read);
  if (view.job) {
    check_again("job", *view.job, &View::job);
  }
  if (view.leader) {
    check_again("leader", *view.leader, &View::leader);
  }
  if (view.cluster) {
    check_again("cluster", *view.cluster, &View::cluster);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_answer(gateway::read_range, bytes);
  check_answer(gateway::read_commit, bytes);
  check_answer(gateway::read_lease, bytes);
  check_answer(gateway::read_watch, bytes);
  check_answer(gateway::read_authentication, bytes);
  for (const char* name : {"job", "leader", "cluster", "assignment", "members/A"}) {
    check_value(name, bytes);
  }
  return 0;
}
