// Events, effects and replies as the lines of a scenario.
#pragma once

#include <string>

#include "scheduler/core/core.h"
#include "tests/scenario/names.h"

namespace sheaf::scenario {

class Printer {
 public:
  /// `names` must outlive the printer. Instants are printed as distance from `origin`.
  Printer(const Names& names, Timestamp origin) : names_(names), origin_(origin) {}

  [[nodiscard]] std::string print(const core::Event& event) const;
  [[nodiscard]] std::string print(const core::Effect& effect) const;
  [[nodiscard]] std::string print(const core::Reply& reply) const;
  [[nodiscard]] std::string print(const core::Rejection& rejection) const;
  /// "+90s", "+1500ms", "never".
  [[nodiscard]] std::string print(Timestamp instant) const;

 private:
  const Names& names_;
  Timestamp origin_;
};

}  // namespace sheaf::scenario
