// An immutable value that its copies share, for large members of types that are copied often: one
// environment stands in every attempt of a million iterations. Threads may share it.
#pragma once

#include <memory>
#include <utility>

namespace sheaf {

/// Behaves as the `const T` that it holds; equality is that of the values. A copy takes no memory.
/// One that was moved from may only be assigned to or destroyed.
template <typename T>
class Shared {
 public:
  Shared() : value_(default_value()) {}
  // NOLINTNEXTLINE(google-explicit-constructor): stands for a T
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] const T* operator->() const { return value_.get(); }

  friend bool operator==(const Shared& left, const Shared& right) {
    return left.value_ == right.value_ || *left == *right;
  }

 private:
  static const std::shared_ptr<const T>& default_value() {
    static const auto value = std::make_shared<const T>();
    return value;
  }

  std::shared_ptr<const T> value_;
};

}  // namespace sheaf
