// The sources and sinks of a run, from their making to their closing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/registry.hpp"
#include "plan/plan.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "run/run_options.hpp"
#include "run/run_totals.hpp"
#include "sink/writer.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

struct RunSource {
  std::string name;
  std::size_t index = 0;                                ///< among the sources, in the plan's order
  bool ended = false;                                   ///< in the checkpoint that is restored
  std::unique_ptr<Source> source;                       ///< null once closed
  std::vector<std::unique_ptr<SourceMetrics>> metrics;  ///< by executor
};

struct RunSink {
  /// Hands the writer's answers on to the checkpointer.
  struct Listener final : TransactionListener {
    CheckpointPort* port = nullptr;
    std::size_t index = 0;  ///< among the sinks, in the plan's order
    void prepared(std::uint64_t number, std::string vote) override {
      port->sink_prepared(number, index, std::move(vote));
    }
    void committed(std::uint64_t number) override { port->sink_committed(number, index); }
    void roll_back(std::string reason) override { port->roll_back(std::move(reason)); }
  };

  /// "127.0.0.1:7200 of sink 'totals'"; a sink without an address: "sink 'totals'".
  std::string name_with_address() const;

  std::string name;
  std::unique_ptr<ByteSink> sink;  ///< null once closed
  Listener listener;
  SinkMetrics metrics;
};

/// Owns them. Executors drive their readers and writers, which must be gone before `close`.
class SourcesAndSinks {
 public:
  explicit SourcesAndSinks(const RunContext& context);

  // The way to a running plan, each once and in this order, on the starting thread. `open_sources`
  // to `open_sinks` throw IoError or ConfigError.

  /// Makes every source and sink and gives it its address. Throws ConfigError for an address of
  /// something that does not exist, and StageError when a user's function throws.
  void make();
  /// Opens the sources, and gives them their positions in the restored checkpoint.
  void open_sources();
  /// Refuses a file that one of them writes and another one uses. Call before `open_sinks`, which
  /// may empty files.
  void check_files() const;
  /// With a store: tells the sinks what they go on from. Changes nothing outside yet.
  void recover_sinks();
  void open_sinks();
  /// Destroys all sources and sinks. The counters stay.
  void close();

  /// By node in the plan; they must exist.
  RunSource& source(NodeId node) { return *sources_.at(node); }
  const RunSource& source(NodeId node) const { return *sources_.at(node); }
  RunSink& sink(NodeId node) { return *sinks_.at(node); }
  const RunSink& sink(NodeId node) const { return *sinks_.at(node); }
  /// In the plan's order.
  const std::map<NodeId, std::unique_ptr<RunSource>>& sources() const { return sources_; }
  const std::map<NodeId, std::unique_ptr<RunSink>>& sinks() const { return sinks_; }
  std::vector<std::string> source_names() const;
  std::vector<std::string> sink_names() const;

  /// From any thread. Throws ConfigError when no open source or sink has that name.
  std::string address(const std::string& source_or_sink) const;
  /// The sources whose address is a port that was bound. Not while another thread calls `close`.
  std::vector<std::string> listening_sources() const;

  /// Tell which sinks are connected.
  std::vector<const Presence*> presences() const;
  void register_metrics(Registry& registry, const std::string& worker) const;
  void add_totals(RunTotals& totals) const;
  /// An error for the outcome when sinks gave records up while the application was stopping.
  std::optional<std::string> undelivered() const;

 private:
  void check_addresses() const;
  void make_source(NodeId id, const std::string& name);
  void make_sink(NodeId id, const std::string& name);
  void set_address(RunSource& source) const;
  void restore(RunSource& source) const;
  void warn_of_shared_receivers() const;

  const RunContext& context_;
  // Constant after `make`, but for the pointers to what is open.
  std::map<NodeId, std::unique_ptr<RunSource>> sources_;
  std::map<NodeId, std::unique_ptr<RunSink>> sinks_;
  /// Taken by `address` and by `close`, which resets the pointers to what is open.
  mutable std::mutex open_mutex_;
};

}  // namespace wallaroo::internal
