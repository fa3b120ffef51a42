// Includes the whole public interface except the test harness (<wallaroo/testing.hpp>) and the
// connector client (<wallaroo/connector_client.hpp>).
#pragma once

#include <wallaroo/aggregates.hpp>
#include <wallaroo/aggregation.hpp>
#include <wallaroo/application.hpp>
#include <wallaroo/codecs.hpp>
#include <wallaroo/connector_options.hpp>
#include <wallaroo/decoded.hpp>
#include <wallaroo/emitter.hpp>
#include <wallaroo/engine.hpp>
#include <wallaroo/error.hpp>
#include <wallaroo/event_time.hpp>
#include <wallaroo/expiry.hpp>
#include <wallaroo/join.hpp>
#include <wallaroo/key.hpp>
#include <wallaroo/late_data.hpp>
#include <wallaroo/logging.hpp>
#include <wallaroo/run.hpp>
#include <wallaroo/sink.hpp>
#include <wallaroo/source.hpp>
#include <wallaroo/stage_options.hpp>
#include <wallaroo/stored.hpp>
#include <wallaroo/stream.hpp>
#include <wallaroo/timers.hpp>
#include <wallaroo/window.hpp>
#include <wallaroo/windows.hpp>
