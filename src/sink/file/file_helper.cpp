#include "sink/file/file_helper.hpp"

#include <utility>

#include "base/current_error.hpp"

namespace wallaroo::internal {

FileHelper::FileHelper(EventLoop& loop)
    : loop_(loop), thread_([this](const std::stop_token& stop) { work(stop); }) {}

void FileHelper::run(std::function<void()> job,
                     std::function<void(const std::string& error)> done) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(job), std::move(done)});
  }
  changed_.notify_one();
}

void FileHelper::work(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !tasks_.empty(); }) || stop.stop_requested()) {
      return;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    finish(std::move(task));
  }
}

void FileHelper::finish(Task task) {
  std::string error;
  try {
    task.job();
  } catch (...) {
    error = current_error();
  }
  loop_.post([alive = std::weak_ptr(alive_), done = std::move(task.done), error] {
    if (!alive.expired()) {
      done(error);
    }
  });
}

}  // namespace wallaroo::internal
