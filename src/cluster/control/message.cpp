#include "cluster/control/message.hpp"

#include <array>
#include <cstring>
#include <map>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "record/stored/stored_bytes.hpp"

namespace wallaroo::internal::cluster::control {

namespace {

constexpr std::size_t size_bytes = 4;

/// The names of messages in the order of their kinds. The kind of a message is its place in
/// `Message`, counted from 1; so new ones are appended.
constexpr std::array<std::string_view, std::variant_size_v<Message>> names{
    "Restore",   "Start",    "Begin",  "Prepare",    "Commit",   "Complete",  "Abandon",  "Stop",
    "Restored",  "Progress", "Saved",  "SaveFailed", "Prepared", "Committed", "RollBack", "Quiet",
    "WantsStop", "Lost",     "Failed", "JobFailed",  "Ping",     "Pong"};

// What each message consists of, in the order of its bytes. `Self` may be const.
template <class Self>
auto fields(Self& m) {
  using M = std::remove_const_t<Self>;
  if constexpr (std::is_same_v<M, Restore>) {
    return std::tie(m.restored, m.first_number, m.members, m.assignment);
  } else if constexpr (std::is_same_v<M, Begin>) {
    return std::tie(m.n, m.last, m.rewrite);
  } else if constexpr (std::is_same_v<M, Prepare> || std::is_same_v<M, Commit> ||
                       std::is_same_v<M, Complete>) {
    return std::tie(m.n);
  } else if constexpr (std::is_same_v<M, Abandon> || std::is_same_v<M, SaveFailed>) {
    return std::tie(m.n, m.reason);
  } else if constexpr (std::is_same_v<M, Saved>) {
    return std::tie(m.n, m.part);
  } else if constexpr (std::is_same_v<M, Prepared>) {
    return std::tie(m.n, m.sink, m.vote);
  } else if constexpr (std::is_same_v<M, Committed>) {
    return std::tie(m.n, m.sink);
  } else if constexpr (std::is_same_v<M, RollBack> || std::is_same_v<M, Failed>) {
    return std::tie(m.reason);
  } else if constexpr (std::is_same_v<M, JobFailed>) {
    return std::tie(m.error);
  } else if constexpr (std::is_same_v<M, Lost>) {
    return std::tie(m.member, m.refused, m.reason);
  } else if constexpr (std::is_same_v<M, Ping>) {
    return std::tie(m.sent_ns);
  } else if constexpr (std::is_same_v<M, Pong>) {
    return std::tie(m.sent_ns, m.now_ns);
  } else if constexpr (std::is_same_v<M, Peer>) {
    return std::tie(m.id, m.executors, m.address);
  } else if constexpr (std::is_same_v<M, PartGroup>) {
    return std::tie(m.stage, m.part, m.group);
  } else if constexpr (std::is_same_v<M, MemberId>) {
    return std::tie(m.worker, m.incarnation);
  } else if constexpr (std::is_same_v<M, ExecutorId>) {
    return std::tie(m.worker, m.executor);
  } else if constexpr (std::is_same_v<M, Assignment>) {
    return std::tie(m.version, m.executors, m.groups, m.singles);
  } else {
    static_assert(std::is_empty_v<M>, "every field of a message is written");
    return std::tie();
  }
}

template <class Number>
concept Whole = std::is_integral_v<Number>;

struct Put {
  StoredWriter& out;

  template <Whole Number>
  void operator()(const Number& number) const {
    out.put(number);
  }
  void operator()(const std::string& text) const {
    out.put_length(text.size());
    out.put_bytes(text.data(), text.size());
  }
  template <class Element>
  void operator()(const std::vector<Element>& elements) const {
    out.put_length(elements.size());
    for (const Element& element : elements) {
      (*this)(element);
    }
  }
  void operator()(const std::map<std::string, ExecutorId>& singles) const {
    out.put_length(singles.size());
    for (const auto& [single, executor] : singles) {
      (*this)(single);
      (*this)(executor);
    }
  }
  template <class Value>
  void operator()(const Value& value) const {
    std::apply([this](const auto&... field) { ((*this)(field), ...); }, fields(value));
  }
};

struct Get {
  StoredReader& in;

  void operator()(bool& flag) const { flag = in.get_bool(); }
  template <Whole Number>
  void operator()(Number& number) const {
    number = in.get<Number>();
  }
  void operator()(std::string& text) const { text = in.get_string(); }
  /// Memory grows with what is read: an element in memory may be much larger than its bytes.
  template <class Element>
  void operator()(std::vector<Element>& elements) const {
    for (std::size_t left = in.get_count(1); left != 0; --left) {
      (*this)(elements.emplace_back());
    }
  }
  void operator()(std::map<std::string, ExecutorId>& singles) const {
    for (std::size_t left = in.get_count(1); left != 0; --left) {
      std::string single;
      (*this)(single);
      ExecutorId executor;
      (*this)(executor);
      if (!singles.emplace(std::move(single), std::move(executor)).second) {
        throw ControlError("a message is broken: it places a single stage twice");
      }
    }
  }
  template <class Value>
  void operator()(Value& value) const {
    std::apply([this](auto&... field) { ((*this)(field), ...); }, fields(value));
    if constexpr (std::is_same_v<Value, Assignment>) {
      check_owners(value);
    }
  }
  static void check_owners(const Assignment& assignment) {
    for (const std::uint16_t owner : assignment.groups) {
      if (owner >= assignment.executors.size()) {
        throw ControlError("a message is broken: it gives a key group to an unknown executor");
      }
    }
  }
};

template <std::size_t... Kinds>
Message read_kind(StoredReader& in, std::size_t kind, std::index_sequence<Kinds...>) {
  Message message;
  (void)((kind == Kinds && (Get{in}(message.emplace<Kinds>()), true)) || ...);
  return message;
}

}  // namespace

std::string encode(const Message& message) {
  StoredWriter out;
  out.put(std::uint32_t{0});
  out.put(static_cast<std::uint8_t>(message.index() + 1));
  std::visit(Put{out}, message);
  std::string bytes = out.take();
  const std::size_t size = bytes.size() - size_bytes;
  if (size > most_message_bytes) {
    throw ControlError(fmt::format("a message '{}' of {} bytes is too long; {} are the most",
                                   name_of(message), size, most_message_bytes));
  }
  const auto stored = static_cast<std::uint32_t>(size);
  std::memcpy(bytes.data(), &stored, size_bytes);
  return bytes;
}

Message decode(std::string_view bytes) {
  StoredReader in(bytes);
  try {
    const std::size_t kind = in.get<std::uint8_t>();
    if (kind == 0 || kind > names.size()) {
      throw ControlError(fmt::format("a message has the unknown kind {}", kind));
    }
    Message message =
        read_kind(in, kind - 1, std::make_index_sequence<std::variant_size_v<Message>>());
    if (!in.empty()) {
      throw ControlError(
          fmt::format("a message '{}' has {} bytes too many", name_of(message), in.left()));
    }
    return message;
  } catch (const StoredError& error) {
    throw ControlError(fmt::format("a message is broken: {}", error.what()));
  }
}

std::optional<Message> MessageReader::next() {
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  std::uint32_t size = 0;
  if (rest.size() >= size_bytes) {
    std::memcpy(&size, rest.data(), size_bytes);
    if (size == 0 || size > most_message_bytes) {
      throw ControlError(fmt::format("a message has a length of {}, which is not from 1 to {}",
                                     size, most_message_bytes));
    }
  }
  if (rest.size() < size_bytes || rest.size() - size_bytes < size) {
    bytes_.erase(0, std::exchange(taken_, 0));
    return std::nullopt;
  }
  Message message = decode(rest.substr(size_bytes, size));
  taken_ += size_bytes + size;
  return message;
}

std::string_view name_of(const Message& message) { return names[message.index()]; }

}  // namespace wallaroo::internal::cluster::control
