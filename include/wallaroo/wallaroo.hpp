// Includes the whole public interface except the test harness (<wallaroo/testing.hpp>) and the
// connector client (<wallaroo/connector_client.hpp>).
#pragma once

#include <wallaroo/aggregates.hpp>
#include <wallaroo/aggregation.hpp>
#include <wallaroo/application.hpp>
#include <wallaroo/codecs.hpp>
#include <wallaroo/emitter.hpp>
#include <wallaroo/engine.hpp>
#include <wallaroo/join.hpp>
#include <wallaroo/run.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>
#include <wallaroo/stream.hpp>
#include <wallaroo/types/connector_options.hpp>
#include <wallaroo/types/decoded.hpp>
#include <wallaroo/types/error.hpp>
#include <wallaroo/types/event_time.hpp>
#include <wallaroo/types/expiry.hpp>
#include <wallaroo/types/key.hpp>
#include <wallaroo/types/late_data.hpp>
#include <wallaroo/types/logging.hpp>
#include <wallaroo/types/stage_options.hpp>
#include <wallaroo/types/stored.hpp>
#include <wallaroo/types/timers.hpp>
#include <wallaroo/types/window.hpp>
#include <wallaroo/types/words.hpp>
#include <wallaroo/windows.hpp>
