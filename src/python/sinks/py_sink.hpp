// A sink that is an object of Python, and commits with checkpoints.
#pragma once

#include <memory>
#include <string>

#include "python/objects/callable.hpp"
#include "sink/writer.hpp"

namespace wallaroo::python {

/// open(prepared) returns a writer with
///   write(records)   takes a list
///   prepare()        makes what was written durable, and returns any object the codec knows
///   commit(prepared) makes it visible; may be called again after a restart
///   close()
/// `prepared` of open() is what prepare() returned in the checkpoint from which the application
/// goes on, or None; open() commits it, and undoes everything later. Records travel to the writer
/// as bytes of the codec. Those that come between the barrier of a checkpoint and prepare() wait
/// here.
class PySink final : public internal::ByteSink {
 public:
  PySink(std::string name, Shared open);

  void recover(const internal::SinkRecovery& recovery) override { prepared_ = recovery.prepared; }
  void open() override {}
  void set_address(const std::string& address) override;
  std::string address() const override { return "Python"; }
  std::unique_ptr<internal::SinkWriter> writer(const internal::WriterContext& context) override;

 private:
  std::string name_;
  Shared open_;
  std::string prepared_;  ///< bytes of the codec; empty: nothing was prepared
};

}  // namespace wallaroo::python
