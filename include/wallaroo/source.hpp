// Sources, from which records come. A source definition is a value given to Application::source.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <wallaroo/types/connector_options.hpp>

#include "plan/graph.hpp"
#include "source/factories.hpp"
#include "source/generated/record_source.hpp"
#include "step/input.hpp"
#include "step/steps/decode_step.hpp"

namespace wallaroo {

/// Options of a generator.
struct GeneratorOptions {
  double rate_per_second = 0;  ///< of all partitions together; 0: as fast as the pipeline allows
  std::uint64_t count = 0;     ///< ends after so many records in all; 0: the function decides
  /// Records are dealt to so many partitions, from 1 to 65536, which run on different executors; a
  /// record's index does not depend on their number. Order is kept within a partition.
  int partitions = 1;
  OnError on_error = OnError::stop;  ///< applies when the function fails, see `generator_source`
};

/// Options of a memory source.
struct MemoryOptions {
  std::uint64_t repeat = 1;  ///< how often the records are read in all; 0: for ever
  int partitions = 1;        ///< contiguous shares, from 1 to 65536, read on different executors
};

namespace internal {

/// A source of bytes with its decoder.
template <class Decoder>
struct ByteSourceDefinition {
  using Input = FrameInput;
  using Record = typename DecodeStep<Decoder>::Output;
  SourceFactory make;
  Decoder decoder;
  OnError on_error;
};

/// A source of records.
template <class InputType>
struct RecordSourceDefinition {
  using Input = InputType;
  using Record = typename InputType::Record;
  SourceFactory make;
  OnError on_error = OnError::stop;
};

}  // namespace internal

/// Listens for TCP connections. Each frame that arrives is given to `decoder`, a function of the
/// frame's bytes (`std::string_view` or `std::span<const std::byte>`) that returns T,
/// `std::optional<T>` (empty: skip) or `Decoded<T>`. T may hold views into the frame. Wrong options
/// throw ConfigError from Engine::start, an address that is in use IoError.
template <class Decoder>
auto tcp_source(TcpSourceOptions options, Decoder decoder) {
  const OnError on_error = options.on_error;
  return internal::ByteSourceDefinition<std::decay_t<Decoder>>{
      internal::tcp_source_factory(std::move(options)), std::move(decoder), on_error};
}

/// Reads files, or standard input; decoders as for `tcp_source`. The source ends after the last
/// file. Engine::start throws IoError when a file cannot be read, ConfigError when a pattern
/// matches none.
template <class Decoder>
auto file_source(FileSourceOptions options, Decoder decoder) {
  const OnError on_error = options.on_error;
  return internal::ByteSourceDefinition<std::decay_t<Decoder>>{
      internal::file_source_factory(std::move(options)), std::move(decoder), on_error};
}

/// Listens for programs that send messages over the connector protocol. The payload of each message
/// is a frame for the decoder, see `tcp_source`.
template <class Decoder>
auto connector_source(ConnectorSourceOptions options, Decoder decoder) {
  const OnError on_error = options.on_error;
  return internal::ByteSourceDefinition<std::decay_t<Decoder>>{
      internal::connector_source_factory(std::move(options)), std::move(decoder), on_error};
}

/// Makes records: `generate(index)` returns the record of that index (0, 1, 2, ...), or a
/// `std::optional` of it, which ends the source when it is empty, or a `Decoded<T>`, of which
/// `Skip{}` goes on with the next index. A `BadRecord{..}` or an exception is handled by
/// `on_error`; messages and dead letters show the index as the record. The function must depend on
/// the index alone, because any partition may have to make any record again.
template <class Generate>
auto generator_source(GeneratorOptions options, Generate generate) {
  using Function = std::decay_t<Generate>;
  static_assert(std::is_invocable_v<Function&, std::uint64_t>,
                "wallaroo: a generator is a function of the record's index (std::uint64_t)");
  using Record = typename internal::DecodedType<
      std::remove_cvref_t<std::invoke_result_t<Function&, std::uint64_t>>>::type;
  static_assert(!holds_views<Record>, "wallaroo: the records of a generator must own their bytes");
  return internal::RecordSourceDefinition<internal::OwnedInput<Record>>{
      [options, function = Function(std::move(generate))](const std::string& name) {
        return std::make_unique<internal::GeneratorSource<Record, Function>>(
            name,
            internal::GeneratorPace{options.rate_per_second, options.count, options.partitions},
            function);
      },
      options.on_error};
}

/// Reads records in memory, without copying them; the memory must outlive the run. Stages see them
/// as const. For tests, benchmarks and data that an embedding program holds.
template <class T>
auto memory_source(std::span<const T> records, MemoryOptions options = {}) {
  return internal::RecordSourceDefinition<internal::SharedInput<T>>{
      [records, options](const std::string& name) {
        return std::make_unique<internal::MemorySource<T>>(
            name, internal::MemoryShares{options.repeat, options.partitions}, records);
      }};
}

}  // namespace wallaroo
