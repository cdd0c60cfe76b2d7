// A bounded queue into the thread that owns the sockets.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/guarded.h"
#include "common/transport/poller.h"

namespace sheaf::transport {

/// Threads: push() any, take() the receiving one.
template <typename Item>
class Mailbox {
 public:
  Mailbox(std::shared_ptr<Wakeup> wakeup, std::size_t limit)
      : wakeup_(std::move(wakeup)), limit_(limit) {}

  /// False, and nothing happens, when `limit` items wait already. Never blocks.
  [[nodiscard]] bool push(Item item) {
    const bool is_taken = items_.with([&item, this](std::vector<Item>& items) {
      if (items.size() >= limit_) {
        return false;
      }
      items.push_back(std::move(item));
      return true;
    });
    if (is_taken) {
      wakeup_->set();
    }
    return is_taken;
  }

  /// Everything that waits, oldest first.
  [[nodiscard]] std::vector<Item> take() {
    return items_.with([](std::vector<Item>& items) { return std::exchange(items, {}); });
  }

 private:
  std::shared_ptr<Wakeup> wakeup_;
  std::size_t limit_;
  Guarded<std::vector<Item>> items_;
};

}  // namespace sheaf::transport
