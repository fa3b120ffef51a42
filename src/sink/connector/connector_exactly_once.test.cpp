// The connector sink against a receiver that refuses votes and loses connections, driven by an
// engine that abandons checkpoints and is killed, all at random: exactly what was written is
// committed.
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sink/connector/connector.rig.hpp"

namespace wallaroo::internal {
namespace {

using Behaviour = Receiver::Behaviour;

/// The rest of the application: records that can be written again from any position, and
/// checkpoints. Its members survive a kill.
class Engine {
 public:
  Engine(Receiver& receiver, std::uint32_t seed) : receiver_(receiver), random_(seed) {
    for (int i = 0; i < 120; ++i) {
      records_.push_back(fmt::format("{}{}\n", i, std::string(random_() % 300, '.')));
      lengths_.push_back(lengths_.back() + records_.back().size());
    }
    receiver_.vote = [this] { return !often(6); };
    receiver_.behaviour = [this](std::string_view frame) {
      if (!often(frame == "MESSAGE" ? 150 : 12)) {
        return Behaviour::act;
      }
      return often(2) ? Behaviour::close : Behaviour::act_and_close;
    };
  }

  std::string all() const {
    std::string bytes;
    for (const std::string& record : records_) {
      bytes += record;
    }
    return bytes;
  }
  void stop_failing() { failing_ = false; }
  const std::set<std::uint64_t>& complete_lengths() const { return complete_; }
  std::size_t rolled_back() const { return rolled_back_; }
  std::size_t killed() const { return killed_; }

  /// Runs one process from the last complete checkpoint until it is killed, goes back, or has
  /// finished. Returns whether it has finished.
  bool run() {
    auto options = connector_options_for(receiver_.address());
    options.max_buffer_bytes = 1 + random_() % 5'000;
    Sink sink(options, Sink::Checkpoints::on, {checkpoint_, vote_});
    std::size_t at = position_;
    while (at < records_.size() || position_ < at) {
      if (!write_some(sink, at) || !take_checkpoint(sink, at)) {
        return false;
      }
    }
    sink.writer->finish();
    return wait(sink, [&] { return sink.writer->finished(); });
  }

 private:
  using Sink = RunningConnectorSink<>;

  bool often(std::uint32_t one_in) { return failing_ && random_() % one_in == 0; }

  /// Waits for the condition. Returns false if the process is killed or goes back before.
  bool wait(Sink& sink, const std::function<bool()>& condition) {
    const std::uint32_t patience = often(15) ? random_() % 20 : 1'000'000;
    std::uint32_t turns = 0;
    EXPECT_TRUE(sink.serve_until(receiver_, [&] {
      return condition() || !sink.listener.reasons.empty() || ++turns > patience;
    }));
    check_receiver();
    rolled_back_ += sink.listener.reasons.empty() ? 0 : 1;
    const bool killed = sink.listener.reasons.empty() && turns > patience;
    killed_ += killed ? 1 : 0;
    return sink.listener.reasons.empty() && !killed;
  }

  bool write_some(Sink& sink, std::size_t& at) {
    for (std::uint32_t batches = random_() % 4; batches > 0; --batches) {
      std::vector<std::string> batch;
      for (std::uint32_t i = random_() % 8; i > 0 && at < records_.size(); --i) {
        batch.push_back(records_[at++]);
      }
      if (!wait(sink, [&] { return sink.writer->can_accept(); })) {
        return false;
      }
      sink.write(batch);
      if (random_() % 2 == 0) {
        sink.writer->flush();
      }
    }
    sink.run_for(receiver_, static_cast<int>(random_() % 2));
    return true;
  }

  /// Writes only as long as the sink accepts records: behind a barrier a full buffer is not
  /// emptied, so waiting for room would never end.
  void write_behind_barrier(Sink& sink, std::size_t& at) {
    while (at < records_.size() && random_() % 2 == 0 && sink.writer->can_accept()) {
      sink.write({records_[at++]});
    }
  }

  bool take_checkpoint(Sink& sink, std::size_t& at) {
    const std::uint64_t number = next_number_++;
    const std::size_t barrier_at = at;
    sink.writer->barrier(number);
    write_behind_barrier(sink, at);
    if (random_() % 5 == 0) {
      sink.run_for(receiver_, static_cast<int>(random_() % 2));
      sink.writer->abandon(number);
      return wait(sink, [] { return true; });
    }
    sink.writer->prepare(number);
    write_behind_barrier(sink, at);
    if (!wait(sink, [&] { return sink.listener.last_prepared == number; })) {
      return false;
    }
    if (often(5)) {  // a connection may break while the manifest is being written
      receiver_.hang_up();
      sink.run_for(receiver_, static_cast<int>(random_() % 6));
      if (!wait(sink, [] { return true; })) {
        return false;
      }
    }
    checkpoint_ = number;
    vote_ = sink.listener.vote;
    position_ = barrier_at;
    complete_.insert(lengths_[barrier_at]);
    if (often(10)) {
      ++killed_;
      return false;
    }
    sink.writer->commit(number);
    return wait(sink, [&] { return sink.listener.last_committed == number; });
  }

  void check_receiver() {
    ASSERT_EQ(receiver_.complaints, std::vector<std::string>{});
    const std::string committed = receiver_.committed();
    ASSERT_TRUE(complete_.count(committed.size()) == 1) << committed.size();
    ASSERT_TRUE(all().starts_with(committed));
  }

  Receiver& receiver_;
  std::mt19937 random_;
  std::vector<std::string> records_;
  std::vector<std::uint64_t> lengths_{0};
  std::set<std::uint64_t> complete_{0};
  bool failing_ = true;
  std::uint64_t checkpoint_ = 0;
  std::string vote_;
  std::size_t position_ = 0;
  std::uint64_t next_number_ = 1;
  std::size_t rolled_back_ = 0;
  std::size_t killed_ = 0;
};

TEST(ConnectorExactlyOnce, WhateverFailsWhenWhatIsCommittedIsWhatWasWritten) {
  std::size_t rolled_back = 0;
  std::size_t killed = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Receiver receiver;
    Engine engine(receiver, seed);
    for (int processes = 1; !engine.run(); ++processes) {
      ASSERT_FALSE(HasFailure());
      if (processes == 100) {
        engine.stop_failing();
      }
      ASSERT_LT(processes, 200);
    }
    // The last decision may have come only as far as the receiver's machine; the next start repeats
    // it.
    receiver.serve();
    engine.stop_failing();
    ASSERT_TRUE(engine.run());
    receiver.serve();
    ASSERT_FALSE(HasFailure());
    ASSERT_TRUE(receiver.committed() == engine.all());
    ASSERT_TRUE(receiver.held() == engine.all());
    ASSERT_EQ(receiver.uncommitted_transactions(), 0U);
    rolled_back += engine.rolled_back();
    killed += engine.killed();
  }
  EXPECT_GT(rolled_back, 40U) << "a test in which nothing fails shows nothing";
  EXPECT_GT(killed, 40U);
}

}  // namespace
}  // namespace wallaroo::internal
