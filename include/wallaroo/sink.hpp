// Sinks, through which records leave. A sink definition is a value that is given to to_sink.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <wallaroo/types/byte_writer.hpp>
#include <wallaroo/types/connector_options.hpp>
#include <wallaroo/types/stage_options.hpp>

#include "sink/definition.hpp"

namespace wallaroo {

/// Sends encoded records over one TCP connection. `encoder` is `std::string encode(const T&)` or,
/// to allocate nothing, `void encode(const T&, ByteWriter&)`; it frames the record if the receiver
/// needs that (see `framed`). An exception from it is handled by the policy of the sink's stage.
/// TcpSinkOptions says what can be lost. Wrong options throw ConfigError from Engine::start.
template <class Encoder>
auto tcp_sink(TcpSinkOptions options, Encoder encoder) {
  return internal::ByteSinkDefinition<std::decay_t<Encoder>>{
      internal::tcp_sink_factory(std::move(options)), std::move(encoder)};
}

/// Writes encoded records to a file, or to standard output ("-"); encoders as for `tcp_sink`.
/// Engine::start throws ConfigError for wrong options and IoError when the file cannot be opened.
template <class Encoder>
auto file_sink(FileSinkOptions options, Encoder encoder) {
  return internal::ByteSinkDefinition<std::decay_t<Encoder>>{
      internal::file_sink_factory(std::move(options)), std::move(encoder)};
}

/// Sends encoded records to an external receiver, which commits them with each checkpoint. Each
/// record becomes one message, so the encoder adds no framing. See ConnectorSinkOptions.
template <class Encoder>
auto connector_sink(ConnectorSinkOptions options, Encoder encoder) {
  return internal::ByteSinkDefinition<std::decay_t<Encoder>>{
      internal::connector_sink_factory(std::move(options)), std::move(encoder)};
}

/// Calls `callback(const T&)` for each record, from one thread at a time. If the callback is an
/// object with a member function `finish()`, that is called once after the last record.
template <class Callback>
auto callback_sink(Callback callback) {
  return internal::CallbackSinkDefinition<std::decay_t<Callback>, false>{std::move(callback)};
}

/// Calls `callback(const T&)` on whichever executor made the record, without crossing to another
/// thread: every executor has its own copy of the callback, and the copies run at the same time.
template <class Callback>
auto concurrent_callback_sink(Callback callback) {
  return internal::CallbackSinkDefinition<std::decay_t<Callback>, true>{std::move(callback)};
}

/// One sink of several, for `to_sinks`; made by `sink`.
template <class Definition>
struct NamedSink {
  std::string name;           ///< unique within the application
  Definition definition;      ///< such as the result of `tcp_sink`
  StageOptions options = {};  ///< apply when the encoder or callback throws
};
/// Makes a NamedSink: `.to_sinks(sink("a", tcp_sink(..)), sink("b", file_sink(..)))`.
template <class Definition>
NamedSink<Definition> sink(std::string name, Definition definition, StageOptions options = {}) {
  return {std::move(name), std::move(definition), options};
}

}  // namespace wallaroo
