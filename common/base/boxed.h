// A value on the heap, for rare large members of types that are moved often.
#pragma once

#include <memory>
#include <utility>

namespace sheaf {

/// Behaves as the `T` that it holds: copies are deep, equality is that of the values. It takes the
/// room of a pointer. One that was moved from may only be assigned to or destroyed.
template <typename T>
class Boxed {
 public:
  Boxed() : value_(std::make_unique<T>()) {}
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: stands for a T
  Boxed(const Boxed& other) : value_(std::make_unique<T>(*other)) {}
  Boxed(Boxed&& other) noexcept = default;
  Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
  Boxed& operator=(Boxed&& other) noexcept = default;
  ~Boxed() = default;

  [[nodiscard]] T& operator*() { return *value_; }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] T* operator->() { return value_.get(); }
  [[nodiscard]] const T* operator->() const { return value_.get(); }

  friend bool operator==(const Boxed& left, const Boxed& right) { return *left == *right; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace sheaf
