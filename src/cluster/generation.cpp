#include "cluster/generation.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal::cluster {

LeadDecisions Generation::on_lead(std::int64_t term, std::string op, std::int64_t now_ns) {
  if (state_ != State::idle) {
    return {};
  }
  term_ = term;
  op_ = std::move(op);
  failures_ = 0;
  state_ = State::gathering;
  begin_ns_ = saturating_add(now_ns, view_.job ? config_.settle_ns : config_.gather_ns);
  return gather(now_ns);
}

LeadDecisions Generation::on_step_down() {
  LeadDecisions decisions;
  if (under_way()) {
    decisions.emplace_back(lead::Abandon{job_.generation, "another member leads now"});
  }
  state_ = State::idle;
  wakeup_ns_ = end_of_time;
  return decisions;
}

LeadDecisions Generation::on_view(const View& view, std::int64_t now_ns) {
  if (view.revision < view_.revision) {
    return {};
  }
  view_ = view;
  switch (state_) {
    case State::gathering:
      return gather(now_ns);
    case State::proposing:
    case State::ending:
      return look_at_write(now_ns);
    case State::choosing:
    case State::restoring:
    case State::starting:
    case State::running:
      if (const JobMember* gone = missing_member()) {
        return fail(fmt::format("worker '{}' is no member any more", gone->id.worker), now_ns);
      }
      return state_ == State::starting ? look_at_write(now_ns) : LeadDecisions{};
    default:
      return {};
  }
}

LeadDecisions Generation::on_written(Outcome) {
  if (!transaction_) {
    return {};
  }
  has_outcome_ = true;
  return {lead::Read{}};
}

LeadDecisions Generation::on_time(std::int64_t now_ns) {
  if (now_ns < wakeup_ns_) {
    return {};
  }
  if (state_ == State::gathering) {
    return gather(now_ns);
  }
  wakeup_ns_ = end_of_time;
  LeadDecisions decisions;
  if (state_ != State::restoring) {
    return decisions;
  }
  wakeup_ns_ = saturating_add(now_ns, config_.restore_ns);
  for (const auto& [id, part] : parts_) {
    if (part != Part::restored && view_.has(id)) {
      decisions.emplace_back(lead::Exclude{id, view_.members.at(id.worker).lease});
    }
  }
  return decisions;
}

/// Begins a generation if the time has come and there are members enough.
LeadDecisions Generation::gather(std::int64_t now_ns) {
  const bool first = !view_.job;
  if (first && view_.members.size() >= config_.expect) {
    begin_ns_ = std::min(begin_ns_, saturating_add(now_ns, config_.settle_ns));
  }
  if (now_ns < begin_ns_) {
    wakeup_ns_ = begin_ns_;
    return {};
  }
  wakeup_ns_ = end_of_time;  // from here on a View that has more members goes on
  const bool enough = !view_.members.empty() && view_.members.size() >= config_.least;
  return enough && !has_ended() ? propose() : LeadDecisions{};
}

LeadDecisions Generation::propose() {
  job_ = {};
  job_.generation = (view_.job ? view_.job->generation : 0) + 1;
  parts_.clear();
  AssignmentWish wish;
  wish.singles = config_.singles;
  wish.groups = config_.groups;
  for (const auto& [worker, member] : view_.members) {
    job_.members.push_back({member.id, member.executors});
    wish.members.push_back({worker, member.executors});
    parts_[member.id] = Part::silent;
  }
  const Assignment before = view_.assignment ? view_.assignment->assignment : Assignment{};
  assignment_ = {job_.generation, assign(before, wish)};
  state_ = State::proposing;
  return write(JobPhase::recovering);
}

LeadDecisions Generation::write(JobPhase phase) {
  job_.phase = phase;
  job_.term = term_;
  job_.op = fmt::format("{}-{}", op_, ++writes_);
  seen_ = view_.job ? view_.job->mod_revision : 0;
  const bool begins = phase == JobPhase::recovering;
  transaction_ = write_job(config_.prefix, seen_, job_, begins ? &assignment_ : nullptr);
  has_outcome_ = false;
  wakeup_ns_ = end_of_time;
  return {lead::Write{*transaction_}};
}

/// Finds in the View what has become of the transaction under way.
LeadDecisions Generation::look_at_write(std::int64_t now_ns) {
  if (view_.job && view_.job->op == job_.op) {
    transaction_.reset();
    return was_written(now_ns);
  }
  const std::int64_t revision = view_.job ? view_.job->mod_revision : 0;
  if (revision == seen_) {
    if (!std::exchange(has_outcome_, false)) {
      return {};
    }
    return {lead::Write{*transaction_}};
  }
  transaction_.reset();
  return fail("another leader has written the job", now_ns);
}

LeadDecisions Generation::was_written(std::int64_t now_ns) {
  switch (state_) {
    case State::proposing:
      state_ = State::choosing;
      if (const JobMember* gone = missing_member()) {
        return fail(fmt::format("worker '{}' was lost at the beginning", gone->id.worker), now_ns);
      }
      return {lead::Choose{job_.generation}};
    case State::starting:
      state_ = State::running;
      return {lead::Start{job_.generation}};
    default:
      state_ = State::over;
      return {lead::Ended{}};
  }
}

LeadDecisions Generation::on_chosen(std::uint64_t generation, std::uint64_t first_number,
                                    std::uint64_t restored, std::int64_t now_ns) {
  if (!is(State::choosing, generation)) {
    return {};
  }
  state_ = State::restoring;
  job_.first_number = first_number;
  job_.restored = restored;
  wakeup_ns_ = saturating_add(now_ns, config_.restore_ns);
  LeadDecisions decisions;
  for (const auto& [id, part] : parts_) {
    if (part == Part::greeted) {
      decisions.emplace_back(lead::Restore{id});
    }
  }
  return decisions;
}

LeadDecisions Generation::on_fenced(std::uint64_t generation, std::int64_t now_ns) {
  return on_failed(generation, "the store belongs to a newer generation", now_ns);
}

LeadDecisions Generation::on_refused(std::uint64_t generation, std::string message) {
  return is(State::choosing, generation) ? end(std::move(message)) : LeadDecisions{};
}

LeadDecisions Generation::on_greeted(std::uint64_t generation, const MemberId& id,
                                     std::int64_t now_ns) {
  const auto part = parts_.find(id);
  const bool begun = under_way() || state_ == State::proposing;
  if (!begun || generation != job_.generation || part == parts_.end()) {
    return {};
  }
  if (part->second == Part::restored) {
    return fail(fmt::format("worker '{}' has lost its run", id.worker), now_ns);
  }
  part->second = Part::greeted;
  return state_ == State::restoring ? LeadDecisions{lead::Restore{id}} : LeadDecisions{};
}

LeadDecisions Generation::on_restored(std::uint64_t generation, const MemberId& id,
                                      std::int64_t now_ns) {
  const auto part = parts_.find(id);
  if (!is(State::restoring, generation) || part == parts_.end()) {
    return {};
  }
  part->second = Part::restored;
  wakeup_ns_ = saturating_add(now_ns, config_.restore_ns);
  for (const auto& [other, how_far] : parts_) {
    if (how_far != Part::restored) {
      return {};
    }
  }
  state_ = State::starting;
  return write(JobPhase::running);
}

LeadDecisions Generation::on_progress(std::uint64_t generation, std::int64_t now_ns) {
  if (is(State::restoring, generation)) {
    wakeup_ns_ = saturating_add(now_ns, config_.restore_ns);
  }
  return {};
}

LeadDecisions Generation::on_failed(std::uint64_t generation, std::string reason,
                                    std::int64_t now_ns) {
  if (!under_way() || job_.generation != generation) {
    return {};
  }
  return fail(std::move(reason), now_ns);
}

LeadDecisions Generation::on_control_closed(std::uint64_t generation, const MemberId& id,
                                            bool refused, std::int64_t now_ns) {
  if (!under_way() || job_.generation != generation || !parts_.contains(id)) {
    return {};
  }
  const auto member = view_.members.find(id.worker);
  const std::int64_t lease = member == view_.members.end() ? 0 : member->second.lease;
  LeadDecisions decisions =
      fail(fmt::format("the connection to worker '{}' was lost", id.worker), now_ns);
  if (refused && lease != 0 && view_.has(id)) {
    decisions.emplace_back(lead::Exclude{id, lease});
  }
  return decisions;
}

LeadDecisions Generation::on_complete(std::uint64_t generation, std::int64_t now_ns) {
  if (!is(State::running, generation)) {
    return {};
  }
  failures_ = 0;
  if (!somebody_has_joined()) {
    return {};
  }
  LeadDecisions decisions = fail("a worker has joined", now_ns);
  failures_ = 0;
  return decisions;
}

LeadDecisions Generation::on_finished(std::uint64_t generation) {
  return is(State::running, generation) ? end({}) : LeadDecisions{};
}

LeadDecisions Generation::on_job_failed(std::uint64_t generation, std::string error) {
  if (!is(State::running, generation)) {
    return {};
  }
  LeadDecisions decisions{lead::Abandon{generation, error}};
  LeadDecisions ending = end(std::move(error));
  decisions.insert(decisions.end(), ending.begin(), ending.end());
  return decisions;
}

LeadDecisions Generation::end(std::string error) {
  job_.error = std::move(error);
  state_ = State::ending;
  return write(JobPhase::ended);
}

LeadDecisions Generation::fail(std::string reason, std::int64_t now_ns) {
  LeadDecisions decisions;
  if (under_way()) {
    decisions.emplace_back(lead::Abandon{job_.generation, std::move(reason)});
  }
  const std::int64_t pause_ns =
      config_.pauses_ns[std::min(failures_, config_.pauses_ns.size() - 1)];
  ++failures_;
  state_ = State::gathering;
  transaction_.reset();
  begin_ns_ = saturating_add(now_ns, std::max(config_.settle_ns, pause_ns));
  wakeup_ns_ = begin_ns_;
  return decisions;
}

/// Returns the first member of the job that is no member of the cluster any more.
const JobMember* Generation::missing_member() const {
  for (const JobMember& member : job_.members) {
    if (!view_.has(member.id)) {
      return &member;
    }
  }
  return nullptr;
}

/// The job has ended, and some who took part are still there to see it.
bool Generation::has_ended() const {
  return view_.job && view_.job->phase == JobPhase::ended &&
         std::any_of(view_.job->members.begin(), view_.job->members.end(),
                     [&](const JobMember& member) { return view_.has(member.id); });
}

bool Generation::somebody_has_joined() const {
  return std::any_of(view_.members.begin(), view_.members.end(),
                     [&](const auto& member) { return !parts_.contains(member.second.id); });
}

}  // namespace wallaroo::internal::cluster
