// Asking a CoreWorld why, and the codes of what it answers.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/core/explain.h"
#include "tests/support/core_world.h"

namespace sheaf::tests {

using Codes = std::vector<std::string>;

inline core::Explanation explained(CoreWorld& world, RunId run, const std::string& task = "") {
  const core::Explain what{.run = run, .task_key = task};
  const auto reply = world.turn(what);
  if (reply) {
    return std::get<core::ExplainReply>(*reply).explanation;
  }
  return core::explain_finished(world.stored_runs().at(run), what).value();
}

inline std::vector<core::Reason> why(CoreWorld& world, RunId run, const std::string& task = "") {
  return explained(world, run, task).reasons;
}

inline Codes codes(const std::vector<core::Reason>& reasons) {
  Codes all;
  for (const core::Reason& reason : reasons) {
    EXPECT_TRUE(reason.message.ends_with('.') || reason.code == core::ReasonCode::kFinished ||
                reason.code == core::ReasonCode::kDependencyFailed)
        << reason.message;
    all.emplace_back(to_string(reason.code));
  }
  return all;
}

inline Codes codes_of(CoreWorld& world, RunId run, const std::string& task = "") {
  return codes(why(world, run, task));
}

}  // namespace sheaf::tests
