// A thread for calls that wait for a disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "io/event_loop.hpp"

namespace wallaroo::internal {

/// Runs jobs that would hold up an executor: an fsync takes milliseconds. Jobs run one after the
/// other; the result of each is reported on the loop's thread.
class FileHelper {
 public:
  /// The loop must outlive the helper.
  explicit FileHelper(EventLoop& loop);
  FileHelper(const FileHelper&) = delete;
  FileHelper& operator=(const FileHelper&) = delete;
  /// Waits for the running job. Drops later jobs, and all results that were not yet reported.
  ~FileHelper() = default;

  /// `job` throws if it fails. `done` is given the text of that exception, or an empty string.
  void run(std::function<void()> job, std::function<void(const std::string& error)> done);

 private:
  struct Task {
    std::function<void()> job;
    std::function<void(const std::string& error)> done;
  };

  void work(const std::stop_token& stop);
  void finish(Task task);

  EventLoop& loop_;
  /// Expires with the helper, so that a result that arrives later is dropped. Only the loop's
  /// thread looks at it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_;
  std::jthread thread_;
};

}  // namespace wallaroo::internal
