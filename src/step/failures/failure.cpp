#include "step/failures/failure.hpp"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/current_error.hpp"
#include "base/public_line.hpp"
#include "record/describe.hpp"
#include "step/failures/rare_log.hpp"

namespace wallaroo::internal {

namespace {

std::string from(const FailedRecord& failed) {
  return failed.origin.empty() ? std::string() : fmt::format(" from {}", failed.origin);
}

std::string shown(const FailedRecord& failed) {
  std::string text;
  if (failed.raw) {
    const std::string_view start = std::string_view(failed.record).substr(0, most_shown_bytes);
    text += '"';
    append_escaped(text, start);
    text += '"';
    if (start.size() < failed.record.size()) {
      text += fmt::format("... ({} bytes in all)", failed.record.size());
    }
  } else {
    text = shortened(failed.record);
  }
  return fmt::format("record {}", text);
}

std::string_view name_of(OnError policy) {
  switch (policy) {
    case OnError::stop:
      return "stop";
    case OnError::skip:
      return "skip";
    case OnError::dead_letter:
      return "dead letter";
  }
  return "";
}

/// Throws the present exception again if it is one that no policy holds up.
void rethrow_stage_failure() {
  if (std::current_exception() == nullptr) {
    return;
  }
  try {
    throw;
  } catch (const StageFailure&) {
    throw;
  } catch (...) {
    return;
  }
}

}  // namespace

void throw_failed_finish(const StageInfo& stage) {
  throw StageFailure(fmt::format("stage '{}' failed in finish(): {}", stage.name, current_error()));
}

void throw_failed_aggregation(const StageInfo& stage, std::string_view doing) {
  throw StageError(
      fmt::format("stage '{}': its aggregation failed {}: {}", stage.name, doing, current_error()));
}

FailureHandler::FailureHandler(const Log& log, Outlet* dead_letters) : log_(&log) {
  if (dead_letters != nullptr) {
    dead_letters_ = std::make_unique<RecordWriter<CarriedLetter, false>>(*dead_letters);
  }
}

FailureHandler::~FailureHandler() = default;

void FailureHandler::collect(const StageInfo& stage, std::string_view error,
                             const FailedRecord& failed) {
  if (untold_.stage != &stage || untold_.error != error) {
    tell_collected();
    untold_ = {&stage, std::string(error), {failed.record, failed.raw, failed.origin}, 0};
  }
  ++untold_.count;
  if (stage.on_error == OnError::stop) {
    tell_collected();
  }
}

void FailureHandler::tell_collected() {
  if (untold_.count == 0) {
    return;
  }
  const FailedRecord& first = untold_.first;
  log_->refused({.stage = untold_.stage->name,
                 .kind = first.raw ? "bad record" : "exception",
                 .message = untold_.error,
                 .policy = name_of(untold_.stage->on_error),
                 .origin = first.origin,
                 .record = first.record,
                 .count = untold_.count});
  untold_ = {};
}

template <class Message>
void FailureHandler::tell(const StageRuntime& stage, const Message& message,
                          std::string_view fate) const {
  const std::uint64_t count = stage.metrics.errors.value();
  if (!worth_logging(count)) {
    return;
  }
  const auto line = [&](const std::string& failure) {
    return fmt::format("{}; {} ({} so far on this executor)", failure, fate, count);
  };
  const PublicLine without_record(line(message("a record")));
  log_->warning("{}", line(message({})));
}

void FailureHandler::handle(StageRuntime& stage, std::string_view error,
                            const FailedRecord& failed) {
  rethrow_stage_failure();
  stage.metrics.errors.add();
  if (log_->collects_refused()) {
    collect(*stage.info, error, failed);
  }
  // The record is shown unless it is to be called something else.
  const auto message = [&](std::string_view record) {
    return fmt::format("stage '{}' failed on {}{}: {}", stage.info->name,
                       record.empty() ? shown(failed) : std::string(record), from(failed), error);
  };
  switch (stage.info->on_error) {
    case OnError::stop:
      if (stop_reason_.empty()) {
        stop_reason_ =
            message({}) + " (the stage's error policy is 'stop'; 'skip' or 'dead_letter' go on)";
      }
      throw StageFailure(stop_reason_);
    case OnError::skip:
      tell(stage, message, "record skipped");
      return;
    case OnError::dead_letter:
      tell(stage, message, "record sent to the dead letters");
      for (std::size_t target = 0; target < dead_letters_->outlet().targets(); ++target) {
        dead_letters_->append(
            target, no_pins_,
            DeadLetter{stage.info->name, std::string(error), failed.record, failed.origin},
            failed.raw, failed.object, std::current_exception());
      }
      return;
  }
}

std::string FailureHandler::current_error() { return internal::current_error(); }

void throw_key_refusal(std::string_view key) {
  throw std::domain_error(
      fmt::format("its key {} is not equal to itself, as NaN is not, so its state could never be "
                  "found again; drop such records before key_by, or give them a key that is equal "
                  "to itself",
                  key));
}

void FailureHandler::rethrow_if_stopped() const {
  if (!stop_reason_.empty()) [[unlikely]] {
    throw StageFailure(stop_reason_);
  }
}

void FailureHandler::flush() {
  tell_collected();
  if (dead_letters_ != nullptr) {
    dead_letters_->flush(true);
  }
}

}  // namespace wallaroo::internal
