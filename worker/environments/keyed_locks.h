// One mutex a name, so that equal things are built once while others go on.
// Threads: any.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace sheaf::environments {

class KeyedLocks {
 public:
  /// The mutex of `key`. It is kept for good: keys are content hashes of what stays on disk.
  [[nodiscard]] std::shared_ptr<std::mutex> of(const std::string& key) {
    const std::lock_guard lock(mutex_);
    auto& entry = locks_[key];
    if (!entry) {
      entry = std::make_shared<std::mutex>();
    }
    return entry;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::mutex>> locks_;
};

}  // namespace sheaf::environments
