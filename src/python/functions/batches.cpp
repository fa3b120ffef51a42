#include "python/functions/batches.hpp"

#include <fmt/format.h>

#include "base/stage_failure.hpp"
#include "step/describe.hpp"

namespace wallaroo::python {

void MapBatchStep::accept(internal::ChainContext& context,
                          const internal::KeyTimeOf<PyTraits>& key_time, PyRecord&& record) {
  waiting_.push_back(std::move(record));
  times_ns_.push_back(key_time.time_ns);
  if (waiting_.size() == most_) {
    end_batch(context);
  }
}

void MapBatchStep::end_batch(internal::ChainContext& context) {
  if (waiting_.empty()) {
    return;
  }
  const PyRecord outputs = outputs_of(context);
  waiting_.clear();
  const std::vector<std::int64_t> times_ns = std::exchange(times_ns_, {});
  if (outputs.get() == nullptr) {
    return;
  }
  static const PyKey none{};
  const auto size = static_cast<std::size_t>(PyList_Size(outputs.get()));
  for (std::size_t i = 0; i < size; ++i) {
    PyObject* const output = checked(PyList_GetItem(outputs.get(), static_cast<Py_ssize_t>(i)));
    ++tally_;
    next().accept(context, {{0, none}, size == times_ns.size() ? times_ns[i] : times_ns.back()},
                  PyRecord::share(output));
  }
}

// The list that the function returned; empty when it failed and the policy is to go on.
PyRecord MapBatchStep::outputs_of(internal::ChainContext& context) {
  try {
    internal::CallTimer<true> timer(context, stage_.call);
    const PyRecord list =
        PyRecord::steal(checked(PyList_New(static_cast<Py_ssize_t>(waiting_.size()))));
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      checked(
          PyList_SetItem(list.get(), static_cast<Py_ssize_t>(i), PyRecord(waiting_[i]).release()));
    }
    PyRecord outputs = call(function_, list.get());
    if (PyList_Check(outputs.get()) == 0) {
      throw_error(
          PyExc_TypeError,
          fmt::format("the function of map_batch must return a list, but this one returned {}",
                      type_name(outputs.get())));
    }
    timer.stop();
    return outputs;
  } catch (const internal::StageFailure&) {
    throw;
  } catch (...) {
    fail(context);
    return {};
  }
}

// Call inside a catch block. Nobody can tell which record is to blame, so all are reported.
void MapBatchStep::fail(internal::ChainContext& context) {
  const std::string error = internal::FailureHandler::current_error();
  for (const PyRecord& record : waiting_) {
    context.failures.handle(stage_, error, internal::failed_record(record));
  }
}

std::uint64_t MapBatchStep::publish(std::uint64_t records) {
  const std::uint64_t outputs = std::exchange(tally_, 0);
  stage_.metrics.records_in.add(records);
  stage_.metrics.records_out.add(outputs);
  return outputs;
}

}  // namespace wallaroo::python
