// Part of the simulator of clusters: what stands between a process and etcd.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sim/cluster/network.hpp"
#include "sim/cluster/sim_etcd.hpp"

namespace wallaroo::internal::sim {

/// Calls that are answered once: with what the server said, or with nothing after `limit`. Then the
/// call may have had its effect, or may have it later, or never.
class EtcdClient {
 public:
  EtcdClient(Timeline& time, Random& random, Network& network, SimEtcd& etcd,
             ClusterHappened& happened)
      : time_(time), random_(random), network_(network), etcd_(etcd), happened_(happened) {}

  template <class Answer>
  void call(const ProcessId& caller, std::function<Answer()> effect,
            std::function<void(const std::optional<Answer>&)> answered,
            std::int64_t limit = 1000 * ms) {
    auto open = std::make_shared<bool>(true);
    const auto answer = [this, caller, open, answered](const std::optional<Answer>& what) {
      network_.run_on(caller, [open, answered, what] {
        if (std::exchange(*open, false)) {
          answered(what);
        }
      });
    };
    time_.after(limit, [answer] { answer(std::nullopt); });
    const bool late = !network_.calm && random_.one_in(60);
    const std::int64_t delay =
        late ? static_cast<std::int64_t>(random_.between(900, 3000)) * ms : network_.delay();
    time_.after(delay, [this, caller, effect = std::move(effect), answer] {
      if (!reaches(caller)) {
        return;
      }
      const Answer what = effect();
      if (!network_.calm && random_.one_in(30)) {
        ++happened_.lost_answers;
        return;
      }
      time_.after(network_.delay(), [answer, what] { answer(what); });
    });
  }

  /// Watches until the process dies or watches again; events of before are forgotten then.
  void watch(const ProcessId& caller, std::uint64_t& current, std::int64_t from,
             std::function<void(const SimEtcd::Told&)> told) {
    const std::uint64_t mine = ++watches_;
    current = mine;
    auto last = std::make_shared<std::int64_t>(0);
    auto dead = std::make_shared<bool>(false);
    const auto pass_on = [this, caller, mine, &current, last, dead,
                          told = std::move(told)](const SimEtcd::Told& what) {
      // Whatever is said while the process cannot be reached is lost, and with it the watch: it
      // stalls.
      *dead = *dead || !network_.alive(caller) ||
              network_.hosts[caller.host].etcd_blocked_until > time_.now();
      if (*dead) {
        return;
      }
      *last = std::max(*last + 1, time_.now() + network_.delay());
      time_.at(*last, [this, caller, mine, &current, told, what] {
        network_.run_on(caller, [mine, &current, told, what] {
          if (current == mine) {
            told(what);
          }
        });
      });
    };
    const bool slow = !network_.calm && random_.one_in(6);
    time_.after(slow ? 300 * ms : network_.delay(), [this, caller, from, slow, pass_on] {
      if (network_.alive(caller) && reaches(caller)) {
        if (slow && random_.one_in(2)) {
          etcd_.compact();
        }
        etcd_.watch(from, pass_on);
      } else {
        pass_on({{}, std::nullopt, 0});
      }
    });
  }

 private:
  bool reaches(const ProcessId& caller) const {
    return etcd_.up() && network_.hosts[caller.host].etcd_blocked_until <= time_.now();
  }

  Timeline& time_;
  Random& random_;
  Network& network_;
  SimEtcd& etcd_;
  ClusterHappened& happened_;
  std::uint64_t watches_ = 0;
};

}  // namespace wallaroo::internal::sim
