// Part of the simulator of clusters: ways to build a cluster that loses or repeats records, or that
// never recovers, and counts of what happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace wallaroo::internal::sim {

/// What is built wrongly. The first seven leave out one rule of `StoreClaim` each.
enum class ClusterMutation : std::uint8_t {
  none,
  no_void,
  restore_without_listing,
  choose_before_void,
  gaps_between_numbers,
  commit_without_listing,
  delete_what_was_fenced,
  prune_all_but_the_newest,
  commit_before_published,
  trust_a_lost_publish,
  publish_before_all_are_durable,
  accept_stale_links,
  reconnect_links,
  receiver_without_fence,
  commit_what_is_in_doubt,
  abort_what_is_in_doubt,
  take_from_held_inputs,
  clean_after_abandon,
  acknowledge_before_complete,
  write_the_job_unguarded,
  lead_without_being_a_member,
  leader_without_lease,
  watch_across_a_compaction,
  trust_a_lost_transaction,
  stay_after_a_lost_lease
};

inline constexpr std::pair<ClusterMutation, const char*> cluster_mutations[] = {
    {ClusterMutation::no_void, "NoVoid"},
    {ClusterMutation::restore_without_listing, "RestoreWithoutListing"},
    {ClusterMutation::choose_before_void, "ChooseBeforeVoid"},
    {ClusterMutation::gaps_between_numbers, "GapsBetweenNumbers"},
    {ClusterMutation::commit_without_listing, "CommitWithoutListing"},
    {ClusterMutation::delete_what_was_fenced, "DeleteWhatWasFenced"},
    {ClusterMutation::prune_all_but_the_newest, "PruneAllButTheNewest"},
    {ClusterMutation::commit_before_published, "CommitBeforePublished"},
    {ClusterMutation::trust_a_lost_publish, "TrustALostPublish"},
    {ClusterMutation::publish_before_all_are_durable, "PublishBeforeAllAreDurable"},
    {ClusterMutation::accept_stale_links, "AcceptStaleLinks"},
    {ClusterMutation::reconnect_links, "ReconnectLinks"},
    {ClusterMutation::receiver_without_fence, "ReceiverWithoutFence"},
    {ClusterMutation::commit_what_is_in_doubt, "CommitWhatIsInDoubt"},
    {ClusterMutation::abort_what_is_in_doubt, "AbortWhatIsInDoubt"},
    {ClusterMutation::take_from_held_inputs, "TakeFromHeldInputs"},
    {ClusterMutation::clean_after_abandon, "CleanAfterAbandon"},
    {ClusterMutation::acknowledge_before_complete, "AcknowledgeBeforeComplete"},
    {ClusterMutation::write_the_job_unguarded, "WriteTheJobUnguarded"},
    {ClusterMutation::lead_without_being_a_member, "LeadWithoutBeingAMember"},
    {ClusterMutation::leader_without_lease, "LeaderWithoutLease"},
    {ClusterMutation::watch_across_a_compaction, "WatchAcrossACompaction"},
    {ClusterMutation::trust_a_lost_transaction, "TrustALostTransaction"},
    {ClusterMutation::stay_after_a_lost_lease, "StayAfterALostLease"}};

/// How often what happened, over one or more simulations.
struct ClusterHappened {
  std::size_t events = 0;
  std::size_t crashes = 0;
  std::size_t silent_crashes = 0;  ///< of a machine: nobody is told
  std::size_t pauses = 0;
  std::size_t isolated = 0;  ///< reached nobody but the store
  std::size_t cuts = 0;
  std::size_t half_open = 0;
  std::size_t etcd_restarts = 0;
  std::size_t etcd_wipes = 0;
  std::size_t compactions = 0;
  std::size_t lost_answers = 0;  ///< of etcd
  std::size_t lost_creates = 0;  ///< answers of the store
  std::size_t late_creates = 0;  ///< that took effect after their sender was told nothing
  std::size_t expired = 0;       ///< leases
  std::size_t generations = 0;
  std::size_t fenced = 0;
  std::size_t strays = 0;  ///< manifests that were created by a leader that was fenced then
  std::size_t stale = 0;   ///< refused links
  std::size_t published = 0;
  std::size_t abandoned = 0;
  std::size_t in_doubt_committed = 0;
  std::size_t in_doubt_aborted = 0;
  std::size_t pruned = 0;
};

}  // namespace wallaroo::internal::sim
