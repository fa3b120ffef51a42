// A source whose records Python makes.
#pragma once

#include <Python.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"
#include "record/record_batch.hpp"
#include "source/source.hpp"

namespace wallaroo::python {

/// A source as the package describes it.
struct PullSourceSpec {
  /// open(partition, position) returns an object with
  ///   pull(most)   a list of at most so many records; empty when there are none now; None at the
  ///   end position()   any object the codec knows, from which open() goes on after the last pull
  ///   completed(checkpoint)   nothing before the position of that checkpoint is asked for again
  ///   wait         seconds until the next pull when there was nothing
  /// `position` is None at the first start.
  Shared open;
  std::vector<std::string> partitions;  ///< names, dealt to the executors in their order
  bool bounded = true;                  ///< all records exist already, so no partition is idle
};

class PullSource final : public internal::Source {
 public:
  PullSource(std::string name, PullSourceSpec spec);

  void open() override {}
  void set_address(const std::string& address) override;
  std::string address() const override { return "Python"; }
  void restore(std::vector<internal::SourcePosition> positions) override;
  std::unique_ptr<internal::SourceReader> reader(int index, int executors,
                                                 const internal::ReaderContext& context) override;

 private:
  std::string name_;
  PullSourceSpec spec_;
  std::vector<internal::SourcePosition> restored_;
};

}  // namespace wallaroo::python
