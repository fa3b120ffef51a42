#include "ui/verdict/words.hpp"

#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "base/date_text.hpp"

namespace wallaroo::internal {

std::string duration(double seconds) {
  return duration_text(static_cast<std::int64_t>(std::round(seconds * 10)) * 100'000'000);
}

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

std::string subject(const StageLoad& stage) {
  if (stage.kind == "sink" || stage.kind == "source") {
    return fmt::format("{} '{}'", stage.kind, stage.name);
  }
  if (stage.kind == "encoder") {
    return fmt::format("the encoder of sink '{}'", stage.name);
  }
  return stage.kind == "merge" ? "a merge of streams" : fmt::format("stage '{}'", stage.name);
}

}  // namespace wallaroo::internal
