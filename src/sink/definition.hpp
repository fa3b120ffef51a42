// Sink definitions: what the user gives to to_sink.
#pragma once

#include "sink/factories.hpp"

namespace wallaroo::internal {

/// A sink of bytes with its encoder.
template <class Encoder>
struct ByteSinkDefinition {
  SinkFactory make;
  Encoder encoder;
};

/// A function of the user's; one copy for all executors, or one for each.
template <class Callback, bool Concurrent>
struct CallbackSinkDefinition {
  Callback callback;
};

}  // namespace wallaroo::internal
