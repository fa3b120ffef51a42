// The producer's side of a link: from one executor to one other worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "link/channels/credit.hpp"
#include "link/channels/link_socket.hpp"
#include "record/wire.hpp"
#include "route/channel.hpp"

namespace wallaroo::internal::link {

class Link;

/// Leads to one executor of the other worker, for one edge. Batches are encoded when they are
/// pushed, so nothing of them is kept, and the memory to which their records point is free.
class LinkChannel final : public Channel {
 public:
  LinkChannel(Link& link, std::uint32_t number, const WireCodec& codec)
      : link_(&link), number_(number), codec_(&codec) {}

  /// Refuses data while there is no credit, and everything once the link is lost: then the run is
  /// about to be stopped. Throws StoredError for a batch that cannot be sent.
  bool try_push(BatchPtr& batch) override;
  /// Returns the batch that was pushed last, which is empty again.
  BatchPtr recycled() override { return std::move(used_); }
  bool seems_empty() const override { return credit_.all_consumed(); }
  bool seems_full() const override;
  /// Nothing is needed: credit comes through the event loop of the producer's executor.
  void wait_for_room() override {}

 private:
  friend Link;
  bool push_data(Batch& batch);
  /// True when the other side has everything, and nothing follows.
  bool finished() const { return ended_ && credit_.all_consumed(); }

  Link* link_;
  std::uint32_t number_;
  const WireCodec* codec_;
  SendCredit credit_;
  bool refused_ = false;  ///< the last batch waits for credit, and the consumer knows it
  bool ended_ = false;
  BatchPtr used_;
};

/// Belongs to one executor, on whose thread all calls are made. Make its channels first; what is
/// pushed before a connection is attached is sent then.
class Link final : private LinkSocket::Owner {
 public:
  /// `on_lost` is called once when the connection is gone before everything was sent and consumed.
  /// It must not destroy the link.
  Link(EventLoop& loop, const Clock& clock, std::function<void(const std::string&)> on_lost,
       const LinkTimes& times = {});

  /// `codec` must outlive the link.
  LinkChannel& add_channel(const Open& open, const WireCodec& codec);
  /// Begins with a connection that a Dialer made.
  void attach(FileDescriptor socket, std::string_view arrived) {
    socket_.attach(std::move(socket), arrived, true);
  }
  /// Call at the end of each turn of the executor, and before it sleeps.
  void flush() { socket_.flush(); }
  /// Reads on when much has arrived. Call in each turn. Returns true when something was read.
  bool serve();
  bool has_work() const { return socket_.has_more(); }
  /// True when the other worker has consumed everything up to the ends of all channels. Then the
  /// link may be destroyed.
  bool finished() const;
  bool over() const { return socket_.over(); }
  const LinkCounters& counters() const { return socket_.counters(); }

 private:
  friend LinkChannel;
  void on_frame(Frame frame) override;
  void on_lost(const std::string& reason) override { on_lost_(reason); }
  bool may_end() const override { return finished(); }

  const Clock& clock_;
  std::function<void(const std::string&)> on_lost_;
  std::vector<std::unique_ptr<LinkChannel>> channels_;  ///< by number
  LinkSocket socket_;
};

}  // namespace wallaroo::internal::link
