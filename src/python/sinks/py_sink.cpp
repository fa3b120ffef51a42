#include "python/sinks/py_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "python/objects/gil.hpp"
#include "python/objects/record.hpp"
#include "python/values/codec.hpp"

namespace wallaroo::python {

namespace {

class PyWriter final : public internal::SinkWriter {
 public:
  PyWriter(std::string name, Shared open, std::string prepared,
           const internal::WriterContext& context)
      : SinkWriter(context),
        name_(std::move(name)),
        open_(std::move(open)),
        prepared_(std::move(prepared)),
        commits_(context.transactions != nullptr),
        context_(context) {}
  ~PyWriter() override {
    const GilScope scope;
    writer_ = {};
    waiting_.clear();
  }

  void start() override {
    const GilScope scope;
    named("open", [&] {
      const PyRecord prepared = prepared_.empty() ? PyRecord::share(Py_None) : decoded(prepared_);
      writer_ = call(open_, prepared.get());
    });
    context_.metrics.connected.set(1);
  }

  bool can_accept() const override { return waiting_.size() < most_waiting; }

  void write(internal::ByteBatch& batch) override {
    const GilScope scope;
    std::vector<PyRecord>& records = sealed_ ? waiting_ : batch_;
    std::size_t begin = 0;
    for (const std::uint32_t end : batch.ends) {
      records.push_back(decoded(std::string_view(batch.bytes).substr(begin, end - begin)));
      begin = end;
    }
    context_.metrics.records.add(batch.ends.size());
    context_.metrics.bytes.add(batch.bytes.size());
    context_.metrics.latency.record(context_.clock.now_ns() - batch.ingest_ns, batch.ends.size());
    write_out();
  }

  void flush() override {}
  void drain() override {}
  void finish() override {
    finishing_ = true;
    if (!commits_) {
      const GilScope scope;
      named("prepare", [&] { token_ = method("prepare"); });
      named("commit", [&] { commit_token(); });
    }
  }
  bool finished() const override { return finishing_ && (!commits_ || committed_all_); }

  void barrier(std::uint64_t) override { sealed_ = true; }
  void abandon(std::uint64_t) override {
    const GilScope scope;
    unseal();
  }
  void prepare(std::uint64_t number) override {
    const GilScope scope;
    std::string bytes;
    named("prepare", [&] {
      token_ = method("prepare");
      bytes = translated([&] { return encode(token_.get()); });
    });
    listener().prepared(number, bytes);
    unseal();
  }
  void commit(std::uint64_t number) override {
    const GilScope scope;
    named("commit", [&] { commit_token(); });
    committed_all_ = !written_since_prepare_;
    listener().committed(number);
  }

 private:
  static constexpr std::size_t most_waiting = 100'000;  ///< records

  static PyRecord decoded(std::string_view bytes) {
    return PyRecord::steal(translated([&] { return decode(bytes).release().ptr(); }));
  }
  PyRecord method(const char* name) {
    return PyRecord::steal(checked(PyObject_CallMethod(writer_.get(), name, nullptr)));
  }
  void commit_token() {
    const PyRecord name = PyRecord::steal(checked(PyUnicode_FromString("commit")));
    PyRecord::steal(
        checked(PyObject_CallMethodObjArgs(writer_.get(), name.get(), token_.get(), nullptr)));
  }

  /// Records from after the barrier belong to the next transaction.
  void unseal() {
    sealed_ = false;
    written_since_prepare_ = false;
    batch_ = std::exchange(waiting_, {});
    write_out();
  }
  void write_out() {
    if (batch_.empty()) {
      return;
    }
    written_since_prepare_ = true;
    committed_all_ = false;
    named("write", [&] {
      const PyRecord list =
          PyRecord::steal(checked(PyList_New(static_cast<Py_ssize_t>(batch_.size()))));
      Py_ssize_t next = 0;
      for (PyRecord& record : batch_) {
        checked(PyList_SetItem(list.get(), next++, record.release()));
      }
      batch_.clear();
      PyRecord::steal(checked(PyObject_CallMethod(writer_.get(), "write", "O", list.get())));
    });
  }

  /// The error of a method of the user's gets the names of the sink and the method.
  template <class Work>
  void named(const char* what, Work&& work) {
    try {
      work();
    } catch (const PythonError& error) {
      throw IoError(fmt::format("sink '{}' failed in {}(): {}", name_, what, error.what()));
    }
  }

  std::string name_;
  Shared open_;
  std::string prepared_;
  bool commits_;
  internal::WriterContext context_;
  PyRecord writer_;
  PyRecord token_;                 ///< what prepare() returned last
  std::vector<PyRecord> batch_;    ///< for write()
  std::vector<PyRecord> waiting_;  ///< came after a barrier that is not prepared yet
  bool sealed_ = false;            ///< between a barrier and its prepare()
  bool written_since_prepare_ = false;
  bool committed_all_ = true;
  bool finishing_ = false;
};

}  // namespace

PySink::PySink(std::string name, Shared open) : name_(std::move(name)), open_(std::move(open)) {}

void PySink::set_address(const std::string&) {
  throw ConfigError(fmt::format("sink '{}' is a Python object and has no address", name_));
}

std::unique_ptr<internal::SinkWriter> PySink::writer(const internal::WriterContext& context) {
  return std::make_unique<PyWriter>(name_, open_, prepared_, context);
}

}  // namespace wallaroo::python
