#include "scheduler/core/event.h"

namespace sheaf::core {
namespace {

template <typename Event>
concept OfRun = requires(const Event& event) {
  { event.run } -> std::convertible_to<RunId>;
};

}  // namespace

RunId run_of(const Event& event) {
  return std::visit(
      [](const auto& fact) -> RunId {
        using Fact = std::decay_t<decltype(fact)>;
        if constexpr (OfRun<Fact>) {
          return fact.run;
        } else if constexpr (std::is_same_v<Fact, RunSubmitted> ||
                             std::is_same_v<Fact, RunRepaired>) {
          return fact.run->id;
        } else {
          return {};
        }
      },
      event);
}

}  // namespace sheaf::core
