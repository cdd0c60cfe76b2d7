// Guarded<T>: data and its mutex in one, so that no access can forget the lock.
#pragma once

#include <mutex>
#include <utility>

namespace sheaf {

/// Any thread. The function given to `with` runs under the lock and must not block or call back.
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  template <typename Function>
  decltype(auto) with(Function&& function) {
    const std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(value_);
  }

  template <typename Function>
  decltype(auto) with(Function&& function) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace sheaf
