// Part of the simulator of clusters: the run of one worker in one generation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/part_types.hpp"
#include "sim/cluster/world.hpp"

namespace wallaroo::internal::sim {

/// Tasks are numbered over the whole cluster: sources, then the keyed stage on each executor, then
/// sinks.
class Part {
 public:
  Part(World& world, GenerationPlan plan, PartPort port)
      : world_(world), plan_(std::move(plan)), port_(std::move(port)) {
    for (std::size_t source = 0; source != job().sources; ++source) {
      if (plan_.place_of("source", source) == port_.member) {
        const std::size_t position = plan_.restored ? plan_.restored->positions[source] : 0;
        require(position >= world_.acknowledged[source] || !is_newest(),
                "what is to be given again was not acknowledged");
        sources_.push_back({source, position});
      }
    }
    for (std::size_t executor = 0; executor != executors(); ++executor) {
      if (plan_.member_of(executor) == port_.member) {
        keyed_.push_back(std::make_unique<Keyed>(executor, job().sources));
        load(*keyed_.back());
      }
    }
    for (std::size_t sink = 0; sink != job().sinks; ++sink) {
      if (plan_.place_of("sink", sink) == port_.member) {
        sinks_.push_back(std::make_unique<Sink>(sink, executors()));
      }
    }
  }

  const GenerationPlan& plan() const { return plan_; }
  /// Whether no newer generation has claimed the store.
  bool is_newest() const { return world_.newest_fence <= plan_.fence; }
  bool lacks_state() const { return lacks_state_; }
  void start() { reads_ = true; }
  const PartPort& port() const { return port_; }

  /// Connects each sink to its receiver. Returns false if a newer writer was there.
  bool open_sinks() {
    for (const auto& sink : sinks_) {
      const SimManifest* manifest = plan_.restored.get();
      if (manifest != nullptr) {
        world_.check_committed(manifest->id);
      }
      const std::string* vote = manifest == nullptr ? nullptr : &manifest->votes[sink->index];
      if (!world_.receivers[sink->index].open(plan_.fence, plan_.number(), vote, world_.mutation)) {
        return false;
      }
      world_.check_output(sink->index, manifest);
    }
    return true;
  }

  void receive(std::size_t task, std::size_t input, Message message) {
    for (const auto& keyed : keyed_) {
      if (task == job().sources + keyed->executor && input < keyed->inputs.size()) {
        keyed->inputs[input].push_back(message);
      }
    }
    for (const auto& sink : sinks_) {
      if (task == job().sources + executors() + sink->index && input < sink->inputs.size()) {
        sink->inputs[input].push_back(message);
      }
    }
  }

  /// Every task does a little, if there is anything to do.
  void turn() {
    for (Source& source : sources_) {
      if (reads_ && !source.ended && world_.random.one_in(2)) {
        give(source);
      }
    }
    for (const auto& keyed : keyed_) {
      for (std::size_t steps = world_.random.below(6); steps != 0; --steps) {
        work(*keyed);
      }
    }
    for (const auto& sink : sinks_) {
      for (std::size_t steps = world_.random.below(6); steps != 0; --steps) {
        work(*sink);
      }
    }
    if (!quiet_ && all_ended()) {
      quiet_ = true;
      port_.quiet();
    }
  }

  void begin(std::uint64_t n) {
    expect(n);
    for (Source& source : sources_) {
      save(source, n);
    }
    for (const auto& keyed : keyed_) {
      keyed->alignment.on_request(n);
    }
    for (const auto& sink : sinks_) {
      sink->alignment.on_request(n);
    }
    maybe_all_saved();
  }
  void abandon(std::uint64_t n) {
    for (const auto& keyed : keyed_) {
      keyed->alignment.on_abandon(n);
      keyed->forget_saving(n, forgets());
    }
    for (const auto& sink : sinks_) {
      sink->alignment.on_abandon(n);
      if (sink->sealed_number == n) {
        sink->reopen();
      }
    }
  }
  void prepare(std::uint64_t n) {
    for (const auto& sink : sinks_) {
      if (sink->sealed_number != n) {
        port_.failed("a sink was asked to prepare what it has not");
        return;
      }
      sink->sealed_number = 0;
      ask_receiver(
          [world = &world_, fence = plan_.fence, n, index = sink->index,
           records = std::exchange(sink->sealed, {})] {
            return world->receivers[index].prepare(fence, n, records);
          },
          [this, n, index = sink->index](const std::optional<std::string>& vote) {
            if (vote) {
              port_.prepared(index, n, *vote);
            } else {
              port_.failed("the receiver has a newer writer");
            }
          });
    }
  }
  void commit(std::uint64_t n, const CheckpointId& id) {
    for (const auto& sink : sinks_) {
      ask_receiver(
          [world = &world_, id, index = sink->index] {
            world->check_committed(id);
            world->receivers[index].commit(id.second);
            return std::optional<std::string>("");
          },
          [this, n, index = sink->index](const auto&) { port_.committed(index, n); });
    }
  }
  void complete(std::uint64_t n) {
    for (const auto& keyed : keyed_) {
      if (keyed->saving == n) {
        keyed->saving = 0;
        keyed->in_doubt.clear();
      }
    }
    for (Source& source : sources_) {
      acknowledge(source, n);
    }
  }

 private:
  bool forgets() const { return world_.is(ClusterMutation::clean_after_abandon); }
  const Job& job() const { return world_.job; }
  std::size_t executors() const { return plan_.assignment.executors.size(); }
  void load(Keyed& keyed) {
    for (std::size_t group = 0; group != job().groups; ++group) {
      if (plan_.assignment.groups[group] != keyed.executor) {
        continue;
      }
      Table& table = keyed.tables[group];
      table.assign(job().records(), 0);
      const DataName none{};
      const DataName& name = plan_.restored ? plan_.restored->files[group] : none;
      if (name == none) {
        continue;
      }
      const Table* saved = world_.store.table(name, group);
      lacks_state_ = lacks_state_ || saved == nullptr;
      if (saved != nullptr) {
        table = *saved;
      }
    }
  }

  void give(Source& source) {
    const std::size_t record = job().first[source.index] + source.position;
    if (record == job().first[source.index + 1]) {
      source.ended = true;
      tell_keyed(source.index, {Message::Kind::end, 0});
      return;
    }
    ++source.position;
    const std::size_t owner = plan_.assignment.groups[job().group_of(record)];
    port_.send(plan_.member_of(owner), job().sources + owner, source.index,
               {Message::Kind::record, record});
  }
  void save(Source& source, std::uint64_t n) {
    source.saved[n] = source.position;
    saving_.positions[source.index] = source.position;
    if (!source.ended) {
      tell_keyed(source.index, {Message::Kind::barrier, n});
    }
    if (world_.is(ClusterMutation::acknowledge_before_complete)) {
      acknowledge(source, n);
    }
  }
  void acknowledge(Source& source, std::uint64_t n) {
    const auto found = source.saved.find(n);
    if (found != source.saved.end()) {
      std::size_t& least = world_.acknowledged[source.index];
      least = std::max(least, found->second);
    }
  }
  void tell_keyed(std::size_t input, Message message) {
    for (std::size_t executor = 0; executor != executors(); ++executor) {
      port_.send(plan_.member_of(executor), job().sources + executor, input, message);
    }
  }
  void tell_sink(const Keyed& keyed, std::size_t sink, Message message) {
    port_.send(plan_.place_of("sink", sink), job().sources + executors() + sink, keyed.executor,
               message);
  }
  void tell_sinks(const Keyed& keyed, Message message) {
    for (std::size_t sink = 0; sink != job().sinks; ++sink) {
      tell_sink(keyed, sink, message);
    }
  }

  /// The next record of an input that need not wait. Barriers and ends are handled in here.
  template <class Task>
  std::optional<std::size_t> take(Task& task) {
    const std::size_t first = world_.random.below(task.inputs.size());
    for (std::size_t i = 0; i != task.inputs.size(); ++i) {
      const std::size_t input = (first + i) % task.inputs.size();
      const bool held =
          task.alignment.holds(input) && !world_.is(ClusterMutation::take_from_held_inputs);
      if (held || task.inputs[input].empty()) {
        continue;
      }
      const Message message = task.inputs[input].front();
      task.inputs[input].pop_front();
      if (message.kind == Message::Kind::record) {
        return message.value;
      }
      message.kind == Message::Kind::barrier ? task.alignment.on_barrier(input, message.value)
                                             : task.alignment.on_end(input);
      return std::nullopt;
    }
    return std::nullopt;
  }

  void work(Keyed& keyed) {
    if (const auto n = keyed.alignment.aligned()) {
      pass_barrier(keyed, *n);
    } else if (keyed.alignment.ended() && !keyed.ended) {
      keyed.ended = true;
      tell_sinks(keyed, {Message::Kind::end, 0});
    } else if (const auto record = take(keyed)) {
      const std::size_t group = job().group_of(*record);
      require(keyed.tables.contains(group), "a record is only ever counted by its owner");
      ++keyed.tables[group][*record];
      keyed.dirty.insert(group);
      tell_sink(keyed, job().sink_of(*record), {Message::Kind::record, *record});
    }
  }
  void pass_barrier(Keyed& keyed, std::uint64_t n) {
    // This barrier may have overtaken the abandonment of the checkpoint before.
    keyed.forget_saving(keyed.saving, forgets());
    if (!keyed.ended) {
      tell_sinks(keyed, {Message::Kind::barrier, n});
    }
    keyed.alignment.take();
    expect(n);
    keyed.saving = n;
    keyed.in_doubt = std::exchange(keyed.dirty, {});
    for (const std::size_t group : keyed.in_doubt) {
      sections_[group] = keyed.tables[group];
    }
    saved_one(n);
  }
  void work(Sink& sink) {
    if (const auto n = sink.alignment.aligned()) {
      sink.reopen();
      sink.alignment.take();
      sink.sealed = std::exchange(sink.open, {});
      sink.sealed_number = *n;
      expect(*n);
      saved_one(*n);
    } else if (const auto record = take(sink)) {
      sink.open.push_back(*record);
    }
  }
  /// Begins to collect what tasks save for n.
  void expect(std::uint64_t n) {
    if (saving_.n >= n) {
      return;
    }
    saving_ = {n, {}, {}};
    sections_.clear();
    missing_ = keyed_.size() + sinks_.size();
  }
  void saved_one(std::uint64_t n) {
    if (saving_.n == n) {
      --missing_;
      maybe_all_saved();
    }
  }
  void maybe_all_saved() {
    if (missing_ != 0 || saving_.positions.size() != sources_.size() || told_ == saving_.n) {
      return;
    }
    told_ = saving_.n;
    if (sections_.empty()) {
      port_.saved(saving_);
      return;
    }
    const DataName name{saving_.n, plan_.fence, port_.member};
    for (const auto& [group, table] : sections_) {
      saving_.files[group] = name;
    }
    const bool early = world_.is(ClusterMutation::publish_before_all_are_durable);
    if (early) {
      port_.saved(saving_);
    }
    world_.store.write_data(port_.process, name, sections_,
                            guarded<bool>([this, early, saved = saving_](bool written) {
                              if (!written) {
                                port_.save_failed(saved.n);
                              } else if (!early) {
                                port_.saved(saved);
                              }
                            }));
  }

  bool all_ended() const {
    bool all = true;
    for (const Source& source : sources_) {
      all = all && source.ended;
    }
    for (const auto& keyed : keyed_) {
      all = all && keyed->ended;
    }
    for (const auto& sink : sinks_) {
      all = all && sink->alignment.ended();
    }
    return all;
  }

  /// A call over the network to the peer of a sink. It has its effect also if the run stops.
  void ask_receiver(std::function<std::optional<std::string>()> effect,
                    std::function<void(const std::optional<std::string>&)> answer) {
    auto answered = guarded<std::optional<std::string>>(std::move(answer));
    world_.time.after(world_.network.delay(), [world = &world_, process = port_.process,
                                               effect = std::move(effect), answered] {
      const auto what = effect();
      world->network.run_later(process, world->network.delay(),
                               [answered, what] { answered(what); });
    });
  }
  /// Does nothing once the run has stopped.
  template <class Argument, class Call>
  std::function<void(const Argument&)> guarded(Call call) {
    return [alive = std::weak_ptr(alive_), call = std::move(call)](const Argument& argument) {
      if (!alive.expired()) {
        call(argument);
      }
    };
  }

  World& world_;
  GenerationPlan plan_;
  PartPort port_;
  std::vector<Source> sources_;
  std::vector<std::unique_ptr<Keyed>> keyed_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  bool reads_ = false;
  bool quiet_ = false;
  bool lacks_state_ = false;
  PartSaved saving_;
  Sections sections_;
  std::size_t missing_ = 0;
  std::uint64_t told_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace wallaroo::internal::sim
