#include "record/stored/stored_names.hpp"

namespace wallaroo::internal {

std::string name_in(std::string_view text) {
  constexpr std::string_view begin = "field = (& ";
  const std::size_t from = text.find(begin);
  const std::size_t end = text.find(");", from == text.npos ? 0 : from);
  if (from == text.npos || end == text.npos) {
    return {};
  }
  const std::string_view path = text.substr(from, end - from);
  return std::string(path.substr(path.rfind(':') + 1));
}

FieldNames::FieldNames(const Schema& schema, std::span<const std::string> names) : names_(names) {
  std::size_t next = 0;
  place(schema, next);
  if (next != names.size()) {
    first_.clear();
  }
}

void FieldNames::place(const Schema& schema, std::size_t& next) {
  if (schema.kind() == SchemaKind::record) {
    first_[&schema] = next;
    next += schema.parts().size();
  }
  for (const Schema& part : schema.parts()) {
    place(part, next);
  }
}

std::span<const std::string> FieldNames::of(const Schema& record) const {
  const auto found = first_.find(&record);
  if (found == first_.end()) {
    return {};
  }
  const auto names = names_.subspan(found->second, record.parts().size());
  return names.empty() || names.front().empty() ? std::span<const std::string>() : names;
}

}  // namespace wallaroo::internal
