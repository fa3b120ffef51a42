#include "cluster/membership.hpp"

#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal::cluster {

Membership::Membership(MembershipConfig config, std::int64_t now_ns)
    : config_(std::move(config)), try_ns_(now_ns) {}

MemberDecisions Membership::on_time(std::int64_t now_ns) {
  if (now_ns < next_wakeup_ns()) {
    return {};
  }
  if (state_ == State::joining) {
    return refuse(fmt::format(
        "the name '{}' is in use by the worker at {}; give this one another --worker-name",
        config_.self.id.worker, name_user_));
  }
  state_ = State::leasing;
  return {member::GrantLease{}};
}

MemberDecisions Membership::on_lease(std::int64_t lease, std::uint64_t incarnation, std::int64_t) {
  if (state_ != State::leasing) {
    return {};
  }
  state_ = State::joining;
  lease_ = lease;
  config_.self.id.incarnation = incarnation;
  name_until_ns_ = end_of_time;
  return {member::Read{}};
}

MemberDecisions Membership::on_lease_failed(std::int64_t now_ns) {
  if (state_ == State::leasing) {
    state_ = State::outside;
    try_ns_ = saturating_add(now_ns, config_.retry_ns);
  }
  return {};
}

MemberDecisions Membership::on_lease_lost(std::int64_t lease, std::int64_t now_ns) {
  if (lease != lease_ || (state_ != State::joining && state_ != State::member)) {
    return {};
  }
  lease_ = 0;
  return lose("its lease in etcd has expired or was revoked", now_ns);
}

MemberDecisions Membership::on_written(Outcome) {
  if (state_ != State::joining) {
    return {};
  }
  return {member::Read{}};
}

MemberDecisions Membership::on_view(const View& view, std::int64_t now_ns) {
  if (view.revision < seen_revision_) {
    return {};
  }
  seen_revision_ = view.revision;
  if (state_ == State::joining) {
    return join(view, now_ns);
  }
  if (state_ == State::member && !view.has(config_.self.id)) {
    return lose("it is not registered in etcd any more", now_ns);
  }
  if (std::string differs = difference(view); state_ == State::member && !differs.empty()) {
    return refuse(std::move(differs));
  }
  return {};
}

MemberDecisions Membership::join(const View& view, std::int64_t now_ns) {
  if (std::string differs = difference(view); !differs.empty()) {
    return refuse(std::move(differs));
  }
  if (view.has(config_.self.id)) {
    state_ = State::member;
    return {member::Joined{view.members.at(config_.self.id.worker), lease_}};
  }
  const auto other = view.members.find(config_.self.id.worker);
  if (other == view.members.end()) {
    name_until_ns_ = end_of_time;
    return write(view);
  }
  name_user_ = other->second.address;
  if (name_until_ns_ == end_of_time) {
    name_until_ns_ = saturating_add(now_ns, config_.name_patience_ns);
  }
  return {};
}

MemberDecisions Membership::write(const View& view) const {
  if (view.cluster && view.cluster->fingerprint == config_.shared.fingerprint) {
    return {member::Write{register_member(config_.prefix, config_.self, lease_, nullptr)}};
  }
  const std::int64_t seen = view.cluster ? view.cluster->mod_revision : 0;
  return {
      member::Write{register_member(config_.prefix, config_.self, lease_, &config_.shared, seen)}};
}

/// A sentence for the operator; empty if this worker fits into the cluster.
std::string Membership::difference(const View& view) const {
  if (!view.cluster) {
    return {};
  }
  const ClusterRecord& theirs = *view.cluster;
  const ClusterRecord& ours = config_.shared;
  if (theirs.application != ours.application) {
    return fmt::format(
        "the cluster runs the application '{}' and this worker is of '{}'; give this one another "
        "cluster name",
        theirs.application, ours.application);
  }
  if (theirs.key_groups != ours.key_groups) {
    return fmt::format("the cluster has {} key groups and this build of the engine {}",
                       theirs.key_groups, ours.key_groups);
  }
  if (theirs.store != ours.store) {
    return fmt::format(
        "the cluster keeps its checkpoints in '{}' and this worker in '{}'; give all the same "
        "--checkpoint-dir",
        theirs.store, ours.store);
  }
  if (theirs.fingerprint != ours.fingerprint && !view.members.empty()) {
    return "the cluster runs another build of the program, or with other options; workers of one "
           "cluster are stopped, replaced, and started together";
  }
  return {};
}

MemberDecisions Membership::refuse(std::string message) {
  MemberDecisions decisions;
  if (state_ == State::member) {
    decisions.emplace_back(member::Lost{message});
  }
  decisions.emplace_back(member::Revoke{std::exchange(lease_, 0)});
  decisions.emplace_back(member::Refused{std::move(message)});
  state_ = State::refused;
  return decisions;
}

MemberDecisions Membership::lose(std::string reason, std::int64_t now_ns) {
  MemberDecisions decisions;
  if (state_ == State::member) {
    decisions.emplace_back(member::Lost{std::move(reason)});
  }
  if (lease_ != 0) {
    decisions.emplace_back(member::Revoke{std::exchange(lease_, 0)});
  }
  state_ = State::outside;
  try_ns_ = now_ns;
  return decisions;
}

MemberDecisions Membership::leave() {
  if (state_ == State::refused || state_ == State::left) {
    return {};
  }
  MemberDecisions decisions;
  if (lease_ != 0) {
    decisions.emplace_back(member::Revoke{std::exchange(lease_, 0)});
  }
  state_ = State::left;
  decisions.emplace_back(member::Left{});
  return decisions;
}

std::int64_t Membership::next_wakeup_ns() const {
  switch (state_) {
    case State::outside:
      return try_ns_;
    case State::joining:
      return name_until_ns_;
    default:
      return end_of_time;
  }
}

}  // namespace wallaroo::internal::cluster
