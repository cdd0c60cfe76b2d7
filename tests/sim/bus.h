// The network between the scheduler and its workers: a pipe that loses, delays, repeats and
// reorders frames, and is cut now and then, in one direction or both.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "tests/sim/faults.h"
#include "tests/sim/timeline.h"

namespace sheaf::sim {

class Bus {
 public:
  using Receiver = std::function<void(const std::string& worker, std::string frame)>;

  /// All outlive the bus.
  Bus(Timeline& timeline, Faults& faults, Dice dice)
      : timeline_(timeline), faults_(faults), dice_(dice) {}

  /// Called at arrival; who is dead then hears nothing.
  void connect(Receiver to_scheduler, Receiver to_worker) {
    to_scheduler_ = std::move(to_scheduler);
    to_worker_ = std::move(to_worker);
  }

  void send_to_scheduler(const std::string& worker, std::string frame);
  /// Over this connection, or not at all.
  void send_to_worker(const std::string& connection, std::string frame);
  /// The name of the worker's present connection: never that of another one.
  [[nodiscard]] std::string connection_of(const std::string& worker) const;

  /// Either end is another process now: a frame that is under way dies with its connection.
  void reconnect(const std::string& worker) { ++links_[worker].connection; }
  void reconnect_all();

  /// Cuts one direction or both for a while.
  void cut(const std::string& worker);
  void heal();
  [[nodiscard]] bool is_open(const std::string& worker) const;
  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  struct Direction {
    bool is_cut = false;
    Milliseconds last_arrival{0};
  };
  struct Link {
    Direction up;
    Direction down;
    std::uint64_t cuts = 0;
    std::uint64_t connection = 0;
  };

  void send(Link& link, Direction& direction, const std::function<void()>& arrive);
  void schedule(Direction& direction, std::function<void()> arrive);

  Timeline& timeline_;
  Faults& faults_;
  Dice dice_;
  Receiver to_scheduler_;
  Receiver to_worker_;
  std::map<std::string, Link> links_;
  std::uint64_t frames_ = 0;
};

}  // namespace sheaf::sim
