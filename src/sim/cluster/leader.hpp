// Part of the simulator of clusters: what a leader does for one generation, around the real
// StoreClaim, recovery and Coordinator.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkpoint/protocol/coordinator.hpp"
#include "sim/cluster/part.hpp"

namespace wallaroo::internal::sim {

/// Calls that a leader makes to its worker.
struct LeaderPort {
  ProcessId process;
  std::function<void(const std::function<void(Part&)>&)> order_all;  ///< the runs of all members
  std::function<void(std::uint64_t first_number, std::uint64_t restored)> chosen;
  std::function<void()> fenced;
  std::function<void(std::string)> failed;
  std::function<void()> complete;
  std::function<void()> finished;
};

class Leader : public std::enable_shared_from_this<Leader> {
 public:
  Leader(World& world, GenerationPlan plan, LeaderPort port)
      : world_(world), plan_(std::move(plan)), port_(std::move(port)), creator_(++world.creators) {}

  const GenerationPlan& plan() const { return plan_; }
  void choose() { carry_out(claim_.begin()); }

  /// All members have restored.
  void start() {
    CoordinatorConfig config;
    config.tasks = plan_.members.size();
    config.sinks = world_.job.sinks;
    config.interval_ns = world_.between(50, world_.duel ? 100 : 600) * ms;
    config.timeout_ns = (world_.duel ? 20'000 : 3000) * ms;
    config.last_attempts = 1'000'000;
    config.first_number = plan_.fence + 1;
    config.now_ns = world_.time.now();
    if (world_.is(ClusterMutation::publish_before_all_are_durable) && config.tasks > 1) {
      --config.tasks;
    }
    coordinator_.emplace(config);
    quiet_.assign(plan_.members.size(), false);
  }

  std::int64_t next_wakeup_ns() const {
    return ready() ? coordinator_->next_wakeup_ns() : end_of_time;
  }
  void on_time() {
    if (!ready()) {
      return;
    }
    if (!told_all_ended_ && std::find(quiet_.begin(), quiet_.end(), false) == quiet_.end()) {
      told_all_ended_ = true;
      carry_out(coordinator_->on_all_ended(now()));
    }
    if (ready() && coordinator_->next_wakeup_ns() <= now()) {
      carry_out(coordinator_->on_time(now()));
    }
  }
  void on_quiet(std::size_t member) {
    if (coordinator_) {
      quiet_[member] = true;
      on_time();
    }
  }
  void on_saved(std::size_t member, const PartSaved& saved) {
    if (!coordinator_ || saved.n != coordinator_->number()) {
      return;
    }
    for (const auto& [source, position] : saved.positions) {
      manifest_.positions[source] = position;
    }
    for (const auto& [group, name] : saved.files) {
      manifest_.files[group] = name;
    }
    if (member < tasks_of_coordinator()) {
      carry_out(coordinator_->on_task_saved(member, saved.n));
    }
  }
  void on_save_failed(std::uint64_t n) {
    if (coordinator_ && n == coordinator_->number()) {
      carry_out(coordinator_->on_write_failed(n, "disk full", now()));
    }
  }
  void on_prepared(std::size_t sink, std::uint64_t n, const std::string& vote) {
    if (coordinator_ && n == coordinator_->number()) {
      carry_out(coordinator_->on_prepared(sink, n, vote));
    }
  }
  void on_committed(std::size_t sink, std::uint64_t n) {
    if (coordinator_ && n == coordinator_->number()) {
      carry_out(coordinator_->on_committed(sink, n));
    }
  }

 private:
  std::int64_t now() const { return world_.time.now(); }
  /// A checkpoint may begin only when the number before it is a manifest or void.
  bool ready() const {
    return coordinator_ && !over_ &&
           (claim_.phase() == StoreClaim::Phase::claimed ||
            coordinator_->phase() != Coordinator::Phase::idle);
  }
  std::size_t tasks_of_coordinator() const {
    const bool fewer = world_.is(ClusterMutation::publish_before_all_are_durable);
    return plan_.members.size() - (fewer && plan_.members.size() > 1 ? 1 : 0);
  }

  template <class Kinds>
  void carry_out(const std::vector<Kinds>& decisions) {
    const auto alive = shared_from_this();
    for (const auto& decision : decisions) {
      if (!over_) {
        std::visit([this](const auto& what) { carry_out_one(what); }, decision);
      }
    }
  }
  /// Does nothing once the generation is given up.
  template <class Argument, class Call>
  std::function<void(Argument)> guarded(Call call) {
    return [alive = weak_from_this(), call = std::move(call)](Argument argument) {
      if (const auto self = alive.lock(); self && !self->over_) {
        call(argument);
      }
    };
  }

  void carry_out_one(const claim::List&) {
    const StoreClaim::Phase asked = claim_.phase();
    do_critical([this, asked] {
      world_.store.list(port_.process, guarded<const Listing&>([this, asked](const Listing& all) {
                          on_listed(asked, all);
                        }));
    });
  }
  void do_critical(const std::function<void()>& action) {
    auto alive = guarded<int>([action](int) { action(); });
    world_.do_critical(port_.process, [alive] { alive(0); });
  }
  void on_listed(StoreClaim::Phase asked, const Listing& all) {
    if (asked != claim_.phase()) {
      return;
    }
    if (!std::exchange(looked_, true)) {
      first_listing_ = all;
    }
    listing_ = all;
    std::vector<StoredNumber> seen = all.numbers;
    const bool blind = (asked == StoreClaim::Phase::checking &&
                        world_.is(ClusterMutation::restore_without_listing)) ||
                       (asked == StoreClaim::Phase::confirming &&
                        world_.is(ClusterMutation::commit_without_listing));
    if (blind) {
      seen.clear();
    }
    carry_out(claim_.on_listed(seen));
  }
  void carry_out_one(const claim::CreateVoid& create) {
    const bool begins = claim_.phase() == StoreClaim::Phase::voiding;
    const bool left_out = begins ? world_.is(ClusterMutation::no_void)
                                 : world_.is(ClusterMutation::gaps_between_numbers);
    if (left_out) {
      carry_out(claim_.on_created(create.n, Created::created));
      return;
    }
    do_critical([this, n = create.n] {
      world_.store.create(port_.process, n, {true, creator_, nullptr},
                          guarded<Created>([this, n](Created outcome) {
                            carry_out(claim_.on_created(n, outcome));
                          }));
    });
  }
  void carry_out_one(const claim::CreateManifest& create) {
    do_critical([this, n = create.n] {
      world_.store.create(port_.process, n,
                          {false, creator_, std::make_shared<SimManifest>(manifest_)},
                          guarded<Created>([this, n](Created outcome) { created(n, outcome); }));
    });
  }
  void created(std::uint64_t n, Created outcome) {
    if (outcome == Created::unknown && world_.is(ClusterMutation::trust_a_lost_publish)) {
      outcome = Created::created;
    }
    created_ = created_ || outcome == Created::created;
    carry_out(claim_.on_created(n, outcome));
  }
  void carry_out_one(const claim::Claimed& claimed) {
    plan_.fence = claimed.fence;
    world_.newest_fence = std::max(world_.newest_fence, claimed.fence);
    const bool early = world_.is(ClusterMutation::choose_before_void);
    const Listing& from = early ? first_listing_ : listing_;
    auto chosen = choose_checkpoint(below_fence(from.candidates, claimed.fence));
    require(std::holds_alternative<RecoveryChoice>(chosen), "there is something to restore");
    if (const auto number = std::get<RecoveryChoice>(chosen).number) {
      plan_.restored = from.manifests.at(*number);
    }
    world_.check_restored(plan_.restored.get(), listing_);
    manifest_.positions.assign(world_.job.sources, 0);
    manifest_.files.assign(world_.job.groups, DataName{});
    if (plan_.restored) {
      manifest_ = *plan_.restored;
    }
    files_ = manifest_.files;
    port_.chosen(claimed.fence + 1, plan_.number());
  }
  void carry_out_one(const claim::Published& published) {
    created_ = false;
    plan_.restored = std::make_shared<SimManifest>(manifest_);
    files_ = manifest_.files;
    carry_out(coordinator_->on_published(published.n, now()));
  }
  void carry_out_one(const claim::GivenUp&) { on_time(); }
  void carry_out_one(const claim::Fenced&) {
    ++world_.happened.fenced;
    world_.happened.strays += created_ ? 1 : 0;
    if (created_ && world_.is(ClusterMutation::delete_what_was_fenced)) {
      world_.store.remove(port_.process, manifest_.id.second, [] {});
    }
    over_ = true;
    port_.fenced();
  }

  void carry_out_one(const decide::Begin& begin) {
    manifest_.id = {plan_.fence, begin.n};
    manifest_.parent = plan_.restored ? std::optional(plan_.restored->id) : std::nullopt;
    manifest_.files = files_;
    port_.order_all([n = begin.n](Part& part) { part.begin(n); });
  }
  void carry_out_one(const decide::MakeDurable& durable) {
    carry_out(coordinator_->on_durable(durable.n, now()));
  }
  void carry_out_one(const decide::Prepare& prepare) {
    port_.order_all([n = prepare.n](Part& part) { part.prepare(n); });
  }
  void carry_out_one(const decide::Publish& publish) {
    manifest_.votes = publish.votes;
    if (world_.is(ClusterMutation::commit_before_published)) {
      commit(publish.n);
    }
    carry_out(claim_.publish(publish.n));
  }
  void carry_out_one(const decide::Commit& decision) { commit(decision.n); }
  void commit(std::uint64_t n) {
    port_.order_all([n, id = manifest_.id](Part& part) { part.commit(n, id); });
  }
  void carry_out_one(const decide::Acknowledge& acknowledge) {
    port_.order_all([n = acknowledge.n](Part& part) { part.complete(n); });
    prune();
    port_.complete();
  }
  void carry_out_one(const decide::Waiting&) {}
  void carry_out_one(const decide::Abandon& abandon) {
    ++world_.happened.abandoned;
    port_.order_all([n = abandon.n](Part& part) { part.abandon(n); });
    carry_out(claim_.give_up(abandon.n));
  }
  void carry_out_one(const decide::RollBack& back) { end_with(back.reason); }
  void carry_out_one(const decide::Fail& fail) { end_with(fail.reason); }
  void end_with(const std::string& reason) {
    over_ = true;
    port_.failed(reason);
  }
  void carry_out_one(const decide::Finished&) {
    over_ = true;
    port_.finished();
  }

  void prune() {
    if (std::exchange(prunes_, true)) {
      return;
    }
    world_.store.list(port_.process, guarded<const Listing&>([this](const Listing& all) {
                        std::vector<std::uint64_t> numbers = prunable(all.numbers);
                        if (world_.is(ClusterMutation::prune_all_but_the_newest)) {
                          numbers.clear();
                          for (const StoredNumber& number : all.numbers) {
                            numbers.push_back(number.n);
                          }
                          numbers.pop_back();
                        }
                        remove(std::move(numbers), 0);
                      }));
  }
  void remove(std::vector<std::uint64_t> numbers, std::size_t next) {
    if (next == numbers.size()) {
      prunes_ = false;
      return;
    }
    const std::uint64_t n = numbers[next];
    auto removed = guarded<int>(
        [this, numbers = std::move(numbers), next](int) { remove(numbers, next + 1); });
    world_.store.remove(port_.process, n, [removed] { removed(0); });
  }

  World& world_;
  GenerationPlan plan_;
  LeaderPort port_;
  std::uint64_t creator_;
  StoreClaim claim_;
  std::optional<Coordinator> coordinator_;
  bool looked_ = false;
  Listing first_listing_;
  Listing listing_;
  SimManifest manifest_;         ///< of the checkpoint that runs
  std::vector<DataName> files_;  ///< of the last complete checkpoint
  std::vector<bool> quiet_;
  bool told_all_ended_ = false;
  bool created_ = false;
  bool prunes_ = false;
  bool over_ = false;
};

}  // namespace wallaroo::internal::sim
