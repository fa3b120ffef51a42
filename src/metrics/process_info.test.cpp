#include "metrics/process_info.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

void work_on(int processor, const std::atomic<bool>& enough) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
  while (!enough) {
  }
}

TEST(ProcessInfo, CountsTheTimeInWhichThreadsWaitForAProcessor) {
  std::atomic<bool> enough{false};
  const int processor = sched_getcpu();
  std::thread first([&] { work_on(processor, enough); });
  std::thread second([&] { work_on(processor, enough); });
  const double before = process_waited_seconds();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  double waited = 0;
  while (waited < 0.05 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    waited = process_waited_seconds() - before;
  }
  enough = true;
  first.join();
  second.join();
  EXPECT_GE(waited, 0.05);
}

TEST(ProcessInfo, KnowsWhenTheProcessStartedAndWhatItUses) {
  EXPECT_GT(process_start_time_seconds(), 1.5e9);
  EXPECT_GT(process_cpu_seconds(), 0);
  EXPECT_GT(process_resident_memory_bytes(), 1e5);
  EXPECT_GE(process_open_descriptors(), 3);
}

}  // namespace
}  // namespace wallaroo::internal
