// What signals do to an engine that runs.
#pragma once

#include <wallaroo/engine.hpp>

#include "app/stop_signals.hpp"
#include "base/log.hpp"

namespace wallaroo::internal {

/// What the first signal makes of the end; only what the log says depends on it.
enum class OrderlyEnd { drained, last_checkpoint };

/// Waits for the end of an engine that was started; drains at the first signal, stops at once at
/// the second. What the log's callback throws stops the engine at once, and is thrown from here.
Outcome wait_and_obey(Engine& engine, StopSignals& signals, const Log& log,
                      OrderlyEnd end = OrderlyEnd::drained);

}  // namespace wallaroo::internal
