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

/// fsync takes milliseconds, which an executor does not have. Jobs run one after the other; what
/// came of one is told on the loop's thread.
class FileHelper {
 public:
  /// The loop outlives the helper.
  explicit FileHelper(EventLoop& loop);
  FileHelper(const FileHelper&) = delete;
  FileHelper& operator=(const FileHelper&) = delete;
  /// Waits for the job that runs; those behind it, and all news, are dropped.
  ~FileHelper() = default;

  /// `job` throws when it fails; `done` is given what it says, else an empty string.
  void run(std::function<void()> job, std::function<void(const std::string& error)> done);

 private:
  struct Task {
    std::function<void()> job;
    std::function<void(const std::string& error)> done;
  };

  void work(const std::stop_token& stop);
  void finish(Task task);

  EventLoop& loop_;
  /// Gone before news arrives: nobody is there to hear it. Only the loop's thread looks at it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_;
  std::jthread thread_;
};

}  // namespace wallaroo::internal
