#include "cluster/follower.hpp"

#include <algorithm>
#include <utility>

namespace wallaroo::internal::cluster {

FollowDecisions Follower::on_joined(const MemberId& id, std::int64_t now_ns) {
  if (state_ != State::outside) {
    return {};
  }
  id_ = id;
  state_ = State::waiting;
  return look(now_ns);
}

FollowDecisions Follower::on_lost() {
  if (state_ == State::ended) {
    return {};
  }
  return stop_run(State::outside);
}

FollowDecisions Follower::on_view(const View& view, std::int64_t now_ns) {
  if (view.revision < view_.revision) {
    return {};
  }
  view_ = view;
  const bool alive = state_ != State::outside && state_ != State::ended;
  return alive ? look(now_ns) : FollowDecisions{};
}

/// Does what the newest View asks for.
FollowDecisions Follower::look(std::int64_t now_ns) {
  if (!view_.job) {
    return {};
  }
  const JobRecord& job = *view_.job;
  const bool with_me = std::any_of(job.members.begin(), job.members.end(),
                                   [&](const JobMember& member) { return member.id == id_; });
  if (job.phase == JobPhase::ended) {
    if (!with_me) {
      return {};
    }
    FollowDecisions decisions = stop_run(State::ended);
    decisions.emplace_back(follow::End{job.error});
    return decisions;
  }
  if (job.generation <= generation_) {
    return {};
  }
  FollowDecisions decisions = stop_run(with_me ? State::greeting : State::waiting);
  generation_ = job.generation;
  if (with_me) {
    FollowDecisions greeting = greet(now_ns);
    decisions.insert(decisions.end(), greeting.begin(), greeting.end());
  }
  return decisions;
}

/// Returns the member that leads; nothing while there is none.
const MemberRecord* Follower::leader() const {
  if (!view_.leader || !view_.has(view_.leader->id)) {
    return nullptr;
  }
  return &view_.members.at(view_.leader->id.worker);
}

FollowDecisions Follower::greet(std::int64_t now_ns) {
  wakeup_ns_ = saturating_add(now_ns, retry_ns_);
  const MemberRecord* found = leader();
  if (found == nullptr) {
    return {};
  }
  greeted_ = found->id;
  return {follow::Greet{generation_, found->id, found->address}};
}

FollowDecisions Follower::on_time(std::int64_t now_ns) {
  if (now_ns < wakeup_ns_) {
    return {};
  }
  if (state_ == State::greeting) {
    return greet(now_ns);
  }
  wakeup_ns_ = end_of_time;
  FollowDecisions decisions;
  if (state_ == State::failed) {
    wakeup_ns_ = saturating_add(now_ns, retry_ns_);
    tell_failed(decisions);
  }
  return decisions;
}

FollowDecisions Follower::on_restore(std::uint64_t generation) {
  if (!is(State::greeting, generation)) {
    return {};
  }
  state_ = State::loading;
  wakeup_ns_ = end_of_time;
  return {follow::Load{generation}};
}

FollowDecisions Follower::on_loaded(std::uint64_t generation) {
  if (!is(State::loading, generation)) {
    return {};
  }
  state_ = State::ready;
  return {follow::TellRestored{generation}};
}

FollowDecisions Follower::on_start(std::uint64_t generation) {
  if (!is(State::ready, generation)) {
    return {};
  }
  state_ = State::running;
  return {follow::StartRun{generation}};
}

FollowDecisions Follower::on_run_failed(std::uint64_t generation, std::string reason,
                                        std::int64_t now_ns) {
  if (!has_run() || generation != generation_) {
    return {};
  }
  return fail(std::move(reason), now_ns);
}

FollowDecisions Follower::on_control_closed(std::uint64_t generation, bool refused,
                                            std::int64_t now_ns) {
  if (is(State::greeting, generation)) {
    wakeup_ns_ = std::min(wakeup_ns_, saturating_add(now_ns, retry_ns_));
    return {};
  }
  if (!has_run() || generation != generation_) {
    return {};
  }
  FollowDecisions decisions = fail("the connection to the leader was lost", now_ns);
  const MemberRecord* found = leader();
  if (refused && found != nullptr && found->id == greeted_) {
    decisions.emplace_back(follow::ExcludeLeader{found->id, found->lease});
  }
  return decisions;
}

FollowDecisions Follower::on_stale(std::uint64_t generation) {
  const bool news = generation > generation_ && state_ != State::ended;
  return news ? FollowDecisions{follow::Read{}} : FollowDecisions{};
}

FollowDecisions Follower::fail(std::string reason, std::int64_t now_ns) {
  FollowDecisions decisions = stop_run(State::failed);
  reason_ = std::move(reason);
  wakeup_ns_ = saturating_add(now_ns, retry_ns_);
  tell_failed(decisions);
  return decisions;
}

void Follower::tell_failed(FollowDecisions& decisions) const {
  if (const MemberRecord* found = leader()) {
    decisions.emplace_back(follow::TellFailed{generation_, reason_, found->id, found->address});
  }
}

FollowDecisions Follower::stop_run(State next) {
  FollowDecisions decisions;
  if (has_run()) {
    decisions.emplace_back(follow::StopRun{generation_});
  }
  state_ = next;
  wakeup_ns_ = end_of_time;
  return decisions;
}

}  // namespace wallaroo::internal::cluster
