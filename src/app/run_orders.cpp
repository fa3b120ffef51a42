#include "app/run_orders.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "checkpoint/store/store_layout.hpp"

namespace wallaroo::internal {

RunOrder OwnOrders::choose(const WantedCheckpoint& wanted) const {
  return {choose_restored(*situation_.store, wanted, *situation_.log)};
}

RunOrder OwnOrders::first() {
  RunOrder order = choose(situation_.wanted);
  if (order.restored) {
    situation_.log->info("restores checkpoint {} in {}", order.restored->number,
                         situation_.store->layout().directory().string());
  }
  return order;
}

RunOrder OwnOrders::next(const EndedRun& ended) {
  // A manifest that got its name, but whose name could not be made durable, counts as complete from
  // now on.
  situation_.store->files()->settle(manifest_folder);
  RunOrder order = choose({situation_.wanted.application, std::nullopt});
  situation_.log->warning("{}; goes back to {}", ended.reason, beginning_of(order.restored));
  remove_failed_attempts();
  pause_after(ended.failures);
  return order;
}

/// If no checkpoint completes any more, failed attempts could fill the disk.
void OwnOrders::remove_failed_attempts() const {
  try {
    situation_.store->remove_failed_attempts();
  } catch (const Error& error) {
    situation_.log->warning("files of a failed checkpoint were not removed: {}", error.what());
  }
}

/// A peer that refuses everything must not keep a core busy.
void OwnOrders::pause_after(const FailedCheckpoints& failures) const {
  constexpr std::chrono::milliseconds step(20);
  std::chrono::milliseconds left(std::min<std::uint64_t>(5'000, 50 * failures.in_row));
  for (; left.count() > 0 && !situation_.told_to_end(); left -= step) {
    std::this_thread::sleep_for(std::min(step, left));
  }
}

std::string beginning_of(const std::optional<Manifest>& restored) {
  return restored ? fmt::format("checkpoint {}", restored->number) : "the beginning";
}

}  // namespace wallaroo::internal
