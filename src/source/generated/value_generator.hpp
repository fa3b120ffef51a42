// A source whose position is a value: each record is made from the one before it.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "record/payload.hpp"
#include "record/record_batch.hpp"
#include "record/stored/stored_read.hpp"
#include "record/stored/stored_types.hpp"
#include "record/stored/stored_write.hpp"
#include "source/generated/record_position.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// What a value generator is made of: a class with
///
///     std::optional<T> initial_value();
///     std::optional<T> apply(const T& current);
///
/// The first value is that of `initial_value`, each further one that of `apply` to the value before
/// it. A value becomes a record after `apply` has made the next one from it. A call that returns
/// nothing ends the generator; the last value still becomes a record. The class may have a nested
/// type `Scope`, which is constructed around every group of calls, and around everything that
/// copies, stores or destroys values.
template <class Generator, class T>
concept ValueGenerator = requires(Generator generator, const T& current) {
  { generator.initial_value() } -> std::same_as<std::optional<T>>;
  { generator.apply(current) } -> std::same_as<std::optional<T>>;
};

struct ValueGeneratorOptions {
  /// False: when the generator has ended, the source stays open, without input, until it is
  /// stopped. True: then the source ends like a file.
  bool ends_source = true;
  /// A batch is sent when it has so many records, or was filled for so long, so that values that
  /// take long to make do not wait for others.
  std::size_t batch_records = max_batch_records;
  std::int64_t batch_ns = 2'000'000;
};

struct NoScope {
  NoScope() {}  // user-provided, so that an unused scope is no warning
};
template <class Generator>
struct ScopeOf {
  using Type = NoScope;
};
template <class Generator>
requires requires { typename Generator::Scope; }
struct ScopeOf<Generator> {
  using Type = typename Generator::Scope;
};

/// The position: a version (1), whether the generator has ended, the text of the value's schema,
/// and the next value that becomes a record, as stored values are written.
template <class T>
struct ValuePosition {
  static constexpr std::uint8_t version = 1;

  static SourcePosition encode(const std::optional<T>& next) {
    StoredWriter out;
    out.put(version);
    out.put(static_cast<std::uint8_t>(next ? 0 : 1));
    const std::string schema = schema_of<T>().text();
    out.put_length(schema.size());
    out.put_bytes(schema.data(), schema.size());
    if (next) {
      store(*next, out);
    }
    return {"value", out.take()};
  }

  static std::optional<T> decode(std::string_view bytes) {
    StoredReader in(bytes);
    if (const auto found = in.get<std::uint8_t>(); found != version) {
      throw StoredError(
          fmt::format("its version is {}, and this program knows {}", found, version));
    }
    const bool ended = in.get_bool();
    const Schema schema = Schema::parse(in.get_string());
    std::optional<T> next;
    if (!ended) {
      next.emplace(Loader<T>(schema)(in));
    }
    if (!in.empty()) {
      throw StoredError(fmt::format("{} bytes follow the value", in.left()));
    }
    return next;
  }
};

/// Makes the values on one executor. The readers of the other executors have ended from the start.
template <class T, class Generator>
class ValueGeneratorReader final : public SourceReader {
 public:
  using Scope = typename ScopeOf<Generator>::Type;

  /// `restored` is the saved position; null without one.
  ValueGeneratorReader(std::string name, ValueGeneratorOptions options, const Generator& generator,
                       std::optional<std::string> restored, const ReaderContext& context)
      : name_(std::move(name)),
        options_(options),
        generator_(generator),
        restored_(std::move(restored)),
        context_(context) {}
  ~ValueGeneratorReader() override {
    const Scope scope;
    next_.reset();
    batch_.clear();
  }

  /// `initial_value` is called also when a position is restored, because a generator may prepare
  /// itself there.
  void start() override {
    {
      const Scope scope;
      next_ = call("initial_value", [this] { return generator_.initial_value(); });
      if (restored_) {
        next_ = restored_value();
      }
    }
    if (next_) {
      context_.receiver.open_partition(0);
    } else {
      tell_end();
    }
  }

  bool poll() override {
    if (!next_ || stopped_) {
      return false;
    }
    const std::int64_t now_ns = context_.clock.now_ns();
    fill(now_ns);
    context_.metrics.records.add(batch_.size());
    batch_.ingest_ns = now_ns;
    context_.receiver.receive(batch_);
    {
      const Scope scope;
      batch_.reset();
    }
    if (!next_) {
      tell_end();
      context_.receiver.end_partition(0);
    }
    return true;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override { return stopped_ || (!next_ && options_.ends_source); }

  std::vector<SourcePosition> save(std::uint64_t) override {
    if constexpr (is_storable<T>) {
      const Scope scope;
      return {ValuePosition<T>::encode(next_)};
    } else {
      return {};
    }
  }

 private:
  void fill(std::int64_t began_ns) {
    const Scope scope;
    const std::size_t most = std::min(
        {options_.batch_records, context_.receiver.most_records(), RecordBatch<T>::capacity});
    std::size_t payload = 0;
    do {
      std::optional<T> following =
          call("apply", [this] { return generator_.apply(std::as_const(*next_)); });
      payload += payload_bytes(*next_);
      batch_.emplace(std::move(*next_));
      next_ = std::move(following);
    } while (next_ && batch_.size() < most && payload < max_batch_bytes &&
             context_.clock.now_ns() - began_ns < options_.batch_ns);
  }

  /// The error of a user's function gets the names of the source and the function.
  template <class Function>
  std::optional<T> call(std::string_view function, Function&& make) {
    try {
      return make();
    } catch (const Error&) {
      throw;
    } catch (...) {
      throw StageError(fmt::format("source '{}' failed: {} of its generator: {}", name_, function,
                                   current_error()));
    }
  }

  std::optional<T> restored_value() {
    if constexpr (is_storable<T>) {
      try {
        return ValuePosition<T>::decode(*restored_);
      } catch (...) {
        throw IoError(fmt::format(
            "source '{}': its value in the checkpoint cannot be read: {}; restore another "
            "checkpoint, or start anew with another directory for checkpoints",
            name_, current_error()));
      }
    } else {
      return std::nullopt;
    }
  }

  void tell_end() const { context_.log.info("source '{}': its generator has ended", name_); }

  const std::string name_;
  const ValueGeneratorOptions options_;
  Generator generator_;
  const std::optional<std::string> restored_;
  ReaderContext context_;
  std::optional<T> next_;  ///< the value that becomes the next record; empty: the end
  RecordBatch<T> batch_;
  bool stopped_ = false;
};

/// The share of an executor that makes nothing.
class NoValuesReader final : public SourceReader {
 public:
  explicit NoValuesReader(bool ends_source) : ended_(ends_source) {}
  void start() override {}
  bool poll() override { return false; }
  void stop() override { ended_ = true; }
  bool finished() const override { return ended_; }

 private:
  bool ended_;
};

template <class T, class Generator>
requires ValueGenerator<Generator, T>
class ValueGeneratorSource final : public Source {
 public:
  ValueGeneratorSource(std::string name, ValueGeneratorOptions options, Generator generator)
      : name_(std::move(name)), options_(options), generator_(std::move(generator)) {}

  void open() override {}
  void set_address(const std::string&) override { refuse_address(name_, "generator"); }
  std::string address() const override { return "generator"; }
  void restore(std::vector<SourcePosition> positions) override {
    if (positions.size() == 1 && positions.front().partition == "value") {
      restored_ = std::move(positions.front().bytes);
    } else if (!positions.empty()) {
      throw ConfigError(fmt::format(
          "source '{}' was of another kind in the checkpoint, not a generator of values; give it "
          "another name, or start anew with another directory for checkpoints",
          name_));
    }
  }
  std::unique_ptr<SourceReader> reader(int index, int, const ReaderContext& context) override {
    if (context.checkpoints && !is_storable<T>) {
      throw ConfigError(fmt::format(
          "source '{}': the values of its generator are of a type that is not stored, so no "
          "checkpoint can hold its position; run without checkpoints, or write a "
          "wallaroo::Stored for the type that saves and loads it",
          name_));
    }
    if (index != 0) {
      return std::make_unique<NoValuesReader>(options_.ends_source);
    }
    return std::make_unique<ValueGeneratorReader<T, Generator>>(name_, options_, generator_,
                                                                restored_, context);
  }

 private:
  const std::string name_;
  const ValueGeneratorOptions options_;
  const Generator generator_;
  std::optional<std::string> restored_;
};

}  // namespace wallaroo::internal
