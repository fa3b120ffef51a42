#include "cluster/election.hpp"

namespace wallaroo::internal::cluster {

ElectionDecisions Election::on_joined(const MemberRecord& self, std::int64_t lease,
                                      std::int64_t ready_ns) {
  if (state_ != State::outside) {
    return {};
  }
  self_ = self;
  lease_ = lease;
  state_ = State::following;
  return look(ready_ns);
}

ElectionDecisions Election::on_lost() {
  ElectionDecisions decisions = step_down();
  state_ = State::outside;
  return decisions;
}

ElectionDecisions Election::step_down() {
  if (state_ != State::leading) {
    return {};
  }
  state_ = State::following;
  return {elect::StepDown{}};
}

ElectionDecisions Election::on_view(const View& view, std::int64_t ready_ns) {
  if (view.revision < seen_revision_) {
    return {};
  }
  seen_revision_ = view.revision;
  leader_ = view.leader;
  return state_ == State::outside ? ElectionDecisions{} : look(ready_ns);
}

/// Finds the state that follows from who leads.
ElectionDecisions Election::look(std::int64_t ready_ns) {
  const bool mine = leader_ && leader_->id == self_.id;
  if (state_ == State::leading && mine && leader_->term == term_) {
    return {};
  }
  ElectionDecisions decisions = step_down();
  if (mine) {
    state_ = State::leading;
    term_ = leader_->term;
    decisions.push_back(elect::Lead{term_});
  } else if (leader_) {
    state_ = State::following;
  } else if (state_ == State::following || (state_ == State::standing && has_outcome_)) {
    state_ = State::waiting;
    ready_ns_ = ready_ns;
  }
  return decisions;
}

ElectionDecisions Election::on_time(std::int64_t now_ns) {
  if (state_ != State::waiting || now_ns < ready_ns_) {
    return {};
  }
  state_ = State::standing;
  has_outcome_ = false;
  return {elect::Write{take_lead(prefix_, self_, lease_)}};
}

ElectionDecisions Election::on_written(Outcome) {
  if (state_ != State::standing) {
    return {};
  }
  has_outcome_ = true;
  return {elect::Read{}};
}

}  // namespace wallaroo::internal::cluster
