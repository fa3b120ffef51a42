#include "python/sources/pull_source.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "python/objects/gil.hpp"
#include "python/values/codec.hpp"
#include "source/generated/record_position.hpp"

namespace wallaroo::python {

namespace {

constexpr std::size_t most_per_pull = 256;
constexpr double longest_wait_s = 60;

PyRecord text_of(const std::string& text) {
  return PyRecord::steal(
      checked(PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()))));
}

/// A partition, and the object of Python that reads it.
struct Partition {
  std::uint64_t number = 0;
  std::string name;
  std::string saved;  ///< its position in the checkpoint; empty without one
  PyRecord puller;    ///< empty until the reader starts
  bool ended = false;
};

class PullReader final : public internal::SourceReader {
 public:
  PullReader(std::string source, Shared open, std::vector<Partition> partitions, bool bounded,
             const internal::ReaderContext& context)
      : source_(std::move(source)),
        open_(std::move(open)),
        partitions_(std::move(partitions)),
        bounded_(bounded),
        context_(context) {}
  ~PullReader() override {
    const GilScope scope;
    partitions_.clear();
  }

  void start() override {
    const GilScope scope;
    for (Partition& partition : partitions_) {
      named(partition, "open()", [&] { open(partition); });
      bounded_ ? context_.receiver.open_bounded_partition(partition.number)
               : context_.receiver.open_partition(partition.number);
    }
  }

  bool poll() override {
    const GilScope scope;
    for (std::size_t tried = 0; tried < partitions_.size(); ++tried) {
      Partition& partition = partitions_[next_];
      next_ = (next_ + 1) % partitions_.size();
      if (!partition.ended && pull(partition)) {
        return true;
      }
    }
    if (!finished()) {
      wait();
    }
    return false;
  }
  void stop() override { stopped_ = true; }
  bool finished() const override {
    return stopped_ || std::all_of(partitions_.begin(), partitions_.end(),
                                   [](const Partition& each) { return each.ended; });
  }

  std::vector<internal::SourcePosition> save(std::uint64_t) override {
    const GilScope scope;
    std::vector<internal::SourcePosition> positions;
    for (const Partition& partition : partitions_) {
      named(partition, "position()", [&] {
        const PyRecord position = method(partition.puller, "position");
        positions.push_back({partition.name, translated([&] { return encode(position.get()); })});
      });
    }
    return positions;
  }
  void completed(std::uint64_t number) override {
    const GilScope scope;
    for (const Partition& partition : partitions_) {
      named(partition, "completed()", [&] {
        PyRecord::steal(checked(PyObject_CallMethod(partition.puller.get(), "completed", "K",
                                                    static_cast<unsigned long long>(number))));
      });
    }
  }

 private:
  static PyRecord method(const PyRecord& object, const char* name) {
    return PyRecord::steal(checked(PyObject_CallMethod(object.get(), name, nullptr)));
  }

  /// Runs `work`. What it throws stops the application, with a message that names the source, the
  /// partition and the method.
  template <class Work>
  void named(const Partition& partition, std::string_view method, Work&& work) {
    try {
      work();
    } catch (const Error&) {
      throw;
    } catch (...) {
      throw StageError(fmt::format("source '{}' failed in {} of partition '{}': {}", source_,
                                   method, partition.name, internal::current_error()));
    }
  }

  void open(Partition& partition) {
    const PyRecord name = text_of(partition.name);
    const PyRecord position =
        partition.saved.empty()
            ? PyRecord::share(Py_None)
            : PyRecord::steal(translated([&] { return decode(partition.saved).release().ptr(); }));
    partition.puller = call(open_, name.get(), position.get());
  }

  /// Returns true if something was delivered. After a pull that failed the reader waits as after
  /// one that gave nothing, so that one that always fails does not keep the executor busy.
  bool pull(Partition& partition) {
    PyRecord records;
    try {
      const std::size_t most = std::min(context_.receiver.most_records(), most_per_pull);
      records = PyRecord::steal(checked(
          PyObject_CallMethod(partition.puller.get(), "pull", "n", static_cast<Py_ssize_t>(most))));
      if (records.get() != Py_None && PyList_Check(records.get()) == 0) {
        throw_error(PyExc_TypeError,
                    fmt::format("pull() must return a list or None, but returned {}",
                                type_name(records.get())));
      }
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      context_.refusals.refuse(error.what(), fmt::format("of partition '{}'", partition.name));
      context_.refusals.flush();
      return false;
    }
    if (records.get() == Py_None) {
      partition.ended = true;
      context_.receiver.end_partition(partition.number);
      return false;
    }
    return deliver(partition, records.get());
  }

  bool deliver(const Partition& partition, PyObject* records) {
    const Py_ssize_t size = PyList_Size(records);
    for (Py_ssize_t i = 0; i < size; ++i) {
      batch_.emplace(PyRecord::share(checked(PyList_GetItem(records, i))));
      if (batch_.full()) {
        give(partition);
      }
    }
    if (batch_.size() != 0) {
      give(partition);
    }
    return size != 0;
  }
  void give(const Partition& partition) {
    batch_.ingest_ns = context_.clock.now_ns();
    batch_.partition = partition.number;
    context_.metrics.records.add(batch_.size());
    context_.receiver.receive(batch_);
    batch_.reset();
  }

  void wait() {
    double seconds = longest_wait_s;
    for (const Partition& partition : partitions_) {
      if (!partition.ended) {
        named(partition, "wait", [&] { seconds = std::min(seconds, wait_of(partition)); });
      }
    }
    if (!std::exchange(timer_set_, true)) {
      const std::chrono::duration<double> delay(std::max(seconds, 0.001));
      context_.loop.after(std::chrono::duration_cast<std::chrono::nanoseconds>(delay),
                          [this] { timer_set_ = false; });
    }
  }

  /// A number of seconds that is none counts as the longest.
  static double wait_of(const Partition& partition) {
    const PyRecord wait =
        PyRecord::steal(checked(PyObject_GetAttrString(partition.puller.get(), "wait")));
    const double seconds = PyFloat_AsDouble(wait.get());
    if (seconds == -1.0 && PyErr_Occurred() != nullptr) {
      throw_python_error();
    }
    return std::isnan(seconds) ? longest_wait_s : seconds;
  }

  std::string source_;
  Shared open_;
  std::vector<Partition> partitions_;
  bool bounded_;
  internal::ReaderContext context_;
  internal::RecordBatch<PyRecord> batch_;
  std::size_t next_ = 0;
  bool timer_set_ = false;
  bool stopped_ = false;
};

}  // namespace

PullSource::PullSource(std::string name, PullSourceSpec spec)
    : name_(std::move(name)), spec_(std::move(spec)) {}

void PullSource::set_address(const std::string&) {
  internal::refuse_address(name_, "Python object");
}

void PullSource::restore(std::vector<internal::SourcePosition> positions) {
  for (const internal::SourcePosition& position : positions) {
    if (std::find(spec_.partitions.begin(), spec_.partitions.end(), position.partition) ==
        spec_.partitions.end()) {
      throw ConfigError(
          fmt::format("source '{}': the checkpoint has a position for its partition '{}', which "
                      "partitions() does not name any more",
                      name_, position.partition));
    }
  }
  restored_ = std::move(positions);
}

std::unique_ptr<internal::SourceReader> PullSource::reader(int index, int executors,
                                                           const internal::ReaderContext& context) {
  std::vector<Partition> own;
  for (std::size_t number = 0; number < spec_.partitions.size(); ++number) {
    if (static_cast<int>(number % static_cast<std::size_t>(executors)) != index) {
      continue;
    }
    Partition partition;
    partition.number = number;
    partition.name = spec_.partitions[number];
    for (const internal::SourcePosition& position : restored_) {
      if (position.partition == partition.name) {
        partition.saved = position.bytes;
      }
    }
    own.push_back(std::move(partition));
  }
  return std::make_unique<PullReader>(name_, spec_.open, std::move(own), spec_.bounded, context);
}

}  // namespace wallaroo::python
