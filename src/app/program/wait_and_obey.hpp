// Drains or stops a running engine when signals come.
#pragma once

#include <wallaroo/engine.hpp>

#include "app/program/stop_signals.hpp"
#include "base/log.hpp"

namespace wallaroo::internal {

/// How the engine ends at the first signal. Only the words of the log depend on it.
enum class OrderlyEnd { drained, last_checkpoint };

/// Waits for the end of an engine that was started; drains it at the first signal, stops it at once
/// at the second. If the log's callback throws, stops the engine at once and rethrows.
Outcome wait_and_obey(Engine& engine, StopSignals& signals, const Log& log,
                      OrderlyEnd end = OrderlyEnd::drained);

}  // namespace wallaroo::internal
