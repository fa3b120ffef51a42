// What a line of the log says to those who must not see records.
#pragma once

#include <string>
#include <utility>

namespace wallaroo::internal {

/// While it lives, it stands for the line that its thread logs, wherever lines are kept for
/// strangers: the line itself shows a record, and this one does not.
class PublicLine {
 public:
  explicit PublicLine(std::string text) : text_(std::move(text)) { current_ = &text_; }
  PublicLine(const PublicLine&) = delete;
  PublicLine& operator=(const PublicLine&) = delete;
  ~PublicLine() { current_ = nullptr; }

  /// Null where the line that is being logged shows no record.
  static const std::string* current() { return current_; }

 private:
  const std::string text_;
  static inline thread_local const std::string* current_ = nullptr;
};

}  // namespace wallaroo::internal
