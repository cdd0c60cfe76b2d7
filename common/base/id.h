// Ids that cannot be mixed up: Id<struct RunTag> is not Id<struct JobTag>.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace sheaf {

/// A public id: 0 means "none", others are 1 … 2^53-1 (JavaScript clients read them exactly).
template <typename Tag>
struct Id {
  std::int64_t value = 0;

  [[nodiscard]] bool is_valid() const { return value > 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

inline constexpr std::int64_t kMaxPublicId = (std::int64_t{1} << 53) - 1;

using JobId = Id<struct JobTag>;
using RunId = Id<struct RunTag>;
/// An attempt's id is also its public task run id.
using AttemptId = Id<struct AttemptTag>;
using WorkerId = Id<struct WorkerTag>;
using TriggerId = Id<struct TriggerTag>;
using DeploymentId = Id<struct DeploymentTag>;
using AlertId = Id<struct AlertTag>;

template <typename Tag>
[[nodiscard]] std::string to_string(Id<Tag> id) {
  return std::to_string(id.value);
}

}  // namespace sheaf

template <typename Tag>
struct std::hash<sheaf::Id<Tag>> {
  std::size_t operator()(sheaf::Id<Tag> id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
