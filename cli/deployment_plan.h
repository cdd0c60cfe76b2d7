// What deploying would change, against the deployment as it stands.
#pragma once

#include <cstddef>
#include <vector>

#include <boost/json.hpp>

#include "bundles/plan.h"
#include "cli/deployment.h"
#include "common/base/result.h"

namespace sheaf::cli {

struct DeploymentPlan {
  StandingDeployment standing;
  std::vector<bundles::PlannedJob> jobs;
  bundles::FilePlan files;

  [[nodiscard]] std::ptrdiff_t count(bundles::PlanAction action) const;
};

/// Jobs that the deployment leaves as they stand are unchanged.
[[nodiscard]] Result<DeploymentPlan> make_plan(Scheduler& scheduler,
                                               const DesiredDeployment& desired,
                                               StandingDeployment standing);

/// What `sheaf plan -o json` prints.
[[nodiscard]] boost::json::object plan_json(const DesiredDeployment& desired,
                                            const DeploymentPlan& plan);

}  // namespace sheaf::cli
