#include "cluster/agent/agent.hpp"

#include <fmt/format.h>

namespace wallaroo::internal::cluster {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t most_keep_limit_ns = ns_per_s;

}  // namespace

Agent::Agent(const AgentConfig& config, Coordination& etcd, AgentHost& host, AgentOrders& orders)
    : config_(config),
      etcd_(etcd),
      host_(host),
      orders_(orders),
      keeper_(config.membership.prefix),
      membership_(config.membership, host.now_ns()),
      election_(config.membership.prefix),
      generation_(config.generation),
      follower_(config.retry_ns),
      health_(host.now_ns()) {}

void Agent::begin() {
  enter([this] { carry_out(keeper_.read()); });
}

void Agent::on_time() {
  enter([this] {
    carry_out(keeper_.on_time(now()));
    carry_out(membership_.on_time(now()));
    carry_out(election_.on_time(now()));
    carry_out(generation_.on_time(now()));
    carry_out(follower_.on_time(now()));
    if (lease_ != 0 && now() >= keep_ns_) {
      keep_alive();
    }
  });
}

void Agent::leave() {
  enter([this] { carry_out(membership_.leave()); });
}

std::int64_t Agent::next_wakeup_ns() const {
  return std::min({keeper_.next_wakeup_ns(), membership_.next_wakeup_ns(),
                   election_.next_wakeup_ns(), generation_.next_wakeup_ns(),
                   follower_.next_wakeup_ns(), keep_ns_});
}

std::int64_t Agent::ready_ns() {
  const auto span = static_cast<std::uint64_t>(config_.stagger_ns) + 1;
  return saturating_add(now(), static_cast<std::int64_t>(host_.random_bits() % span));
}

// Events of others.

void Agent::on_restore(std::uint64_t generation) {
  enter([&] { carry_out(follower_.on_restore(generation)); });
}
void Agent::on_loaded(std::uint64_t generation) {
  enter([&] { carry_out(follower_.on_loaded(generation)); });
}
void Agent::on_start(std::uint64_t generation) {
  enter([&] { carry_out(follower_.on_start(generation)); });
}
void Agent::on_run_failed(std::uint64_t generation, const std::string& reason) {
  enter([&] { carry_out(follower_.on_run_failed(generation, reason, now())); });
}
void Agent::on_leader_closed(std::uint64_t generation, bool refused) {
  enter([&] { carry_out(follower_.on_control_closed(generation, refused, now())); });
}
void Agent::on_stale(std::uint64_t generation) {
  enter([&] { carry_out(follower_.on_stale(generation)); });
}

void Agent::on_chosen(std::uint64_t generation, std::uint64_t first_number,
                      std::uint64_t restored) {
  enter([&] { carry_out(generation_.on_chosen(generation, first_number, restored, now())); });
}
void Agent::on_fenced(std::uint64_t generation) {
  enter([&] { carry_out(generation_.on_fenced(generation, now())); });
}
void Agent::on_refused(std::uint64_t generation, const std::string& message) {
  enter([&] { carry_out(generation_.on_refused(generation, message)); });
}
void Agent::on_greeted(std::uint64_t generation, const MemberId& member) {
  enter([&] { carry_out(generation_.on_greeted(generation, member, now())); });
}
void Agent::on_restored(std::uint64_t generation, const MemberId& member) {
  enter([&] { carry_out(generation_.on_restored(generation, member, now())); });
}
void Agent::on_progress(std::uint64_t generation) {
  enter([&] { carry_out(generation_.on_progress(generation, now())); });
}
void Agent::on_failed(std::uint64_t generation, const std::string& reason) {
  enter([&] { carry_out(generation_.on_failed(generation, reason, now())); });
}
void Agent::on_member_closed(std::uint64_t generation, const MemberId& member, bool refused) {
  enter([&] { carry_out(generation_.on_control_closed(generation, member, refused, now())); });
}
void Agent::on_complete(std::uint64_t generation) {
  enter([&] { carry_out(generation_.on_complete(generation, now())); });
}
void Agent::on_finished(std::uint64_t generation) {
  enter([&] { carry_out(generation_.on_finished(generation)); });
}
void Agent::on_job_failed(std::uint64_t generation, const std::string& error) {
  enter([&] { carry_out(generation_.on_job_failed(generation, error)); });
}

bool Agent::takes_control_of(std::uint64_t generation) const {
  return election_.term() != 0 && generation >= generation_.job().generation;
}

std::uint64_t Agent::newest_generation() const {
  return std::max(generation_.job().generation, follower_.generation());
}

// What is asked of etcd, and its answers.

/// Returns the answer if there is one. It may have told that etcd is another one, which ends all.
template <class Answer>
const Answer* Agent::heard(const std::variant<Answer, NoAnswer>& answer) {
  if (const auto* none = std::get_if<NoAnswer>(&answer)) {
    carry_out(health_.on_no_answer(*none, now()));
    return nullptr;
  }
  carry_out(health_.on_answer(now()));
  const Answer& good = std::get<Answer>(answer);
  if (good.header.cluster_id != 0) {
    carry_out(keeper_.on_header(good.header, now()));
  }
  return over_ ? nullptr : &good;
}

template <class Written>
void Agent::write(const Transaction& transaction, Written written) {
  etcd_.commit(transaction, [this, written](const std::variant<CommitAnswer, NoAnswer>& answer) {
    enter([&] {
      heard(answer);
      if (!over_) {
        written(outcome_of(answer));
      }
    });
  });
}

void Agent::carry_out_one(const keep::Range&) {
  etcd_.range([this](const std::variant<RangeAnswer, NoAnswer>& answer) {
    enter([&] {
      if (const auto* none = std::get_if<NoAnswer>(&answer)) {
        carry_out(keeper_.on_range_failed(now()));
        carry_out(health_.on_no_answer(*none, now()));
        return;
      }
      carry_out(health_.on_answer(now()));
      const auto& read = std::get<RangeAnswer>(answer);
      carry_out(keeper_.on_range(read.header, read.keys));
    });
  });
}

void Agent::carry_out_one(const keep::Watch& watch) {
  etcd_.watch(watch.from, [this](const std::optional<WatchNews>& news) {
    enter([&] {
      carry_out(news ? keeper_.on_events(news->header, news->events) : keeper_.on_watch_ended());
    });
  });
}

void Agent::carry_out_one(const keep::Seen& seen) {
  view_ = seen.view;
  if (std::exchange(notes_, view_.notes) != view_.notes) {
    for (const std::string& note : view_.notes) {
      config_.log.warning("cluster: {}", note);
    }
  }
  carry_out(membership_.on_view(seen.view, now()));
  carry_out(generation_.on_view(seen.view, now()));
  carry_out(election_.on_view(seen.view, ready_ns()));
  carry_out(follower_.on_view(seen.view, now()));
}

void Agent::carry_out_one(const keep::Wiped&) {
  end(AgentEnd::Why::wiped,
      "etcd is not the one that it was: its data was removed or brought back from a copy; start "
      "the workers again, the job goes on with the last complete checkpoint");
}

void Agent::carry_out_one(const keep::Broken& broken) {
  end(AgentEnd::Why::unreadable, broken.message);
}

void Agent::carry_out_one(const member::GrantLease&) {
  etcd_.grant(config_.lease_s, [this](const std::variant<LeaseAnswer, NoAnswer>& answer) {
    enter([&] {
      const LeaseAnswer* granted = heard(answer);
      if (granted == nullptr || granted->lease == 0) {
        carry_out(membership_.on_lease_failed(now()));
        return;
      }
      if (granted->ttl_s > config_.lease_s) {
        config_.log.warning(
            "cluster: etcd grants leases of {} s and not of {} s, so dead workers are noticed "
            "later; start etcd with a shorter --election-timeout",
            granted->ttl_s, config_.lease_s);
      }
      lease_ = granted->lease;
      ttl_ns_ = granted->ttl_s * ns_per_s;
      keep_ns_ = saturating_add(now(), ttl_ns_ / 3);
      carry_out(membership_.on_lease(lease_, host_.random_bits(), now()));
    });
  });
}

void Agent::keep_alive() {
  keep_ns_ = saturating_add(now(), ttl_ns_ / 3);
  const std::int64_t limit_ns = std::min(ttl_ns_ / 3, most_keep_limit_ns);
  etcd_.keep_alive(lease_, limit_ns,
                   [this, lease = lease_](const std::variant<LeaseAnswer, NoAnswer>& answer) {
                     enter([&] { on_kept(lease, answer); });
                   });
}

void Agent::on_kept(std::int64_t lease, const std::variant<LeaseAnswer, NoAnswer>& answer) {
  const LeaseAnswer* kept = heard(answer);
  if (kept == nullptr || kept->ttl_s != 0) {
    return;
  }
  if (lease == lease_) {
    lease_ = 0;
    keep_ns_ = end_of_time;
  }
  carry_out(membership_.on_lease_lost(lease, now()));
}

void Agent::revoke(std::int64_t lease) {
  ++revoking_;
  etcd_.revoke(lease, [this](const std::variant<LeaseAnswer, NoAnswer>&) {
    --revoking_;
    end_when_revoked();
  });
}

// Decisions of the machines.

void Agent::carry_out_one(const member::Write& what) {
  write(what.transaction, [this](Outcome outcome) { carry_out(membership_.on_written(outcome)); });
}

void Agent::carry_out_one(const member::Joined& joined) {
  config_.log.info("cluster: worker '{}' is a member (incarnation {:016x})", joined.self.id.worker,
                   joined.self.id.incarnation);
  carry_out(election_.on_joined(joined.self, joined.lease, ready_ns()));
  carry_out(follower_.on_joined(joined.self.id, now()));
}

void Agent::carry_out_one(const member::Lost& lost) {
  config_.log.warning("cluster: worker '{}' is no member any more, because {}; its run stops",
                      membership_.id().worker, lost.reason);
  carry_out(election_.on_lost());
  carry_out(follower_.on_lost());
}

void Agent::carry_out_one(const member::Revoke& what) {
  lease_ = 0;
  keep_ns_ = end_of_time;
  revoke(what.lease);
}

void Agent::carry_out_one(const member::Refused& refused) {
  end(AgentEnd::Why::refused, refused.message);
}

void Agent::carry_out_one(const member::Left&) { end(why_, reason_); }

void Agent::carry_out_one(const elect::Write& what) {
  write(what.transaction, [this](Outcome outcome) { carry_out(election_.on_written(outcome)); });
}

void Agent::carry_out_one(const elect::Lead& lead) {
  config_.log.info("cluster: worker '{}' leads (term {})", membership_.id().worker, lead.term);
  const std::string op = fmt::format("{}/{}", membership_.id().incarnation, lead.term);
  carry_out(generation_.on_lead(lead.term, op, now()));
}

void Agent::carry_out_one(const elect::StepDown&) { carry_out(generation_.on_step_down()); }

void Agent::carry_out_one(const lead::Write& what) {
  write(what.transaction, [this](Outcome outcome) { carry_out(generation_.on_written(outcome)); });
}

void Agent::carry_out_one(const lead::Start& start) {
  config_.log.info("cluster: generation {} runs on {} workers", start.generation,
                   generation_.job().members.size());
  orders_.carry_out(start);
}

void Agent::carry_out_one(const lead::Abandon& abandon) {
  config_.log.warning("cluster: generation {} is over: {}", abandon.generation, abandon.reason);
  orders_.carry_out(abandon);
}

void Agent::carry_out_one(const lead::Exclude& exclude) {
  config_.log.warning("cluster: worker '{}' is excluded", exclude.member.worker);
  revoke(exclude.lease);
}

void Agent::carry_out_one(const follow::ExcludeLeader& exclude) {
  config_.log.warning("cluster: the leader '{}' is gone and is excluded", exclude.leader.worker);
  revoke(exclude.lease);
}

void Agent::carry_out_one(const follow::End& end) {
  why_ = AgentEnd::Why::job_ended;
  reason_ = end.error;
  carry_out(membership_.leave());
}

void Agent::carry_out_one(const health::Back& back) {
  config_.log.info("cluster: etcd answers again, after {} s", back.away_ns / ns_per_s);
}

void Agent::carry_out_one(const health::Away& away) {
  config_.log.warning(
      "cluster: etcd has been away for {} s ({}); {}", away.away_ns / ns_per_s, away.reason,
      health_.reached() ? "the run goes on, but nobody can join, and no failure is recovered from"
                        : "the worker waits for it");
}

void Agent::carry_out_one(const health::GiveUp& give_up) {
  if (give_up.credentials) {
    end(AgentEnd::Why::credentials,
        fmt::format("{}; check the user and the password in --cluster", give_up.reason));
  } else {
    end(AgentEnd::Why::unreachable,
        fmt::format("etcd was not reached within 30 s: {}; check the addresses in --cluster",
                    give_up.reason));
  }
}

/// Stops what goes on, and tells the process when the lease is given back.
void Agent::end(AgentEnd::Why why, std::string message) {
  carry_out(generation_.on_step_down());
  carry_out(follower_.on_lost());
  over_ = true;
  why_ = why;
  reason_ = std::move(message);
  end_when_revoked();
}

void Agent::end_when_revoked() {
  if (over_ && revoking_ == 0 && !std::exchange(told_end_, true)) {
    orders_.ended({why_, reason_});
  }
}

}  // namespace wallaroo::internal::cluster
