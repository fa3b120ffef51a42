// Sink definitions: the arguments of to_sink.
#pragma once

#include "sink/factories.hpp"

namespace wallaroo::internal {

/// A sink of bytes with its encoder.
template <class Encoder>
struct ByteSinkDefinition {
  SinkFactory make;
  Encoder encoder;
};

/// A function of the user. `Concurrent`: each executor has a copy; otherwise there is only one.
template <class Callback, bool Concurrent>
struct CallbackSinkDefinition {
  Callback callback;
};

}  // namespace wallaroo::internal
