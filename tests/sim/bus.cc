#include "tests/sim/bus.h"

#include <algorithm>
#include <utility>

namespace sheaf::sim {

void Bus::send_to_scheduler(const std::string& worker, std::string frame) {
  Link& link = links_[worker];
  send(link, link.up, [this, worker, frame = std::move(frame)] { to_scheduler_(worker, frame); });
}

std::string Bus::connection_of(const std::string& worker) const {
  const auto link = links_.find(worker);
  return worker + "/" + std::to_string(link == links_.end() ? 0 : link->second.connection);
}

void Bus::send_to_worker(const std::string& connection, std::string frame) {
  const std::string worker = connection.substr(0, connection.find('/'));
  Link& link = links_[worker];
  if (connection != connection_of(worker)) {
    return;
  }
  send(link, link.down, [this, worker, frame = std::move(frame)] { to_worker_(worker, frame); });
}

void Bus::send(Link& link, Direction& direction, const std::function<void()>& arrive) {
  ++frames_;
  if (direction.is_cut || faults_.strikes(Fault::kFrameLost)) {
    return;
  }
  const auto arrive_in_connection = [&link, connection = link.connection, arrive] {
    if (link.connection == connection) {
      arrive();
    }
  };
  schedule(direction, arrive_in_connection);
  if (faults_.strikes(Fault::kFrameRepeated)) {
    timeline_.after(dice_.between(Milliseconds{1}, std::chrono::seconds(60)), arrive_in_connection);
  }
}

void Bus::reconnect_all() {
  for (auto& [worker, link] : links_) {
    ++link.connection;
  }
}

void Bus::schedule(Direction& direction, std::function<void()> arrive) {
  Milliseconds arrival = timeline_.now() + dice_.between(Milliseconds{1}, Milliseconds{20});
  if (faults_.strikes(Fault::kFrameOvertaken)) {
    timeline_.at(arrival + dice_.between(Milliseconds{1}, std::chrono::seconds(30)),
                 std::move(arrive));
    return;
  }
  if (faults_.strikes(Fault::kFrameDelayed)) {
    arrival += dice_.between(Milliseconds{20}, std::chrono::seconds(20));
  }
  // As in one connection: nothing overtakes.
  arrival = std::max(arrival, direction.last_arrival);
  direction.last_arrival = arrival;
  timeline_.at(arrival, std::move(arrive));
}

void Bus::cut(const std::string& worker) {
  Link& link = links_[worker];
  const std::size_t which = dice_.below(4);
  link.up.is_cut = which != 0;
  link.down.is_cut = which != 1;
  const std::uint64_t cut = ++link.cuts;
  const Milliseconds length = dice_.chance(80)
                                  ? dice_.between(std::chrono::seconds(1), std::chrono::minutes(5))
                                  : dice_.between(std::chrono::minutes(5), std::chrono::hours(1));
  timeline_.after(length, [this, worker, cut] {
    Link& cut_link = links_[worker];
    if (cut_link.cuts == cut) {
      cut_link.up.is_cut = false;
      cut_link.down.is_cut = false;
    }
  });
}

void Bus::heal() {
  for (auto& [worker, link] : links_) {
    ++link.cuts;
    link.up.is_cut = false;
    link.down.is_cut = false;
  }
}

bool Bus::is_open(const std::string& worker) const {
  const auto found = links_.find(worker);
  return found == links_.end() || (!found->second.up.is_cut && !found->second.down.is_cut);
}

}  // namespace sheaf::sim
