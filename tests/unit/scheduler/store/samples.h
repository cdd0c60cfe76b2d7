// One value of every stored kind with every field set to something that a default is not.
#pragma once

#include <string>
#include <vector>

#include "scheduler/core/event.h"
#include "scheduler/core/records.h"
#include "scheduler/store/rows.h"

namespace sheaf::store {

[[nodiscard]] core::JobRecord sample_job();
[[nodiscard]] core::DeploymentRecord sample_deployment();
[[nodiscard]] core::RunRecord sample_run();
[[nodiscard]] core::TaskRow sample_task();
[[nodiscard]] core::TaskDetails sample_details();
[[nodiscard]] core::WorkerRecord sample_worker();
[[nodiscard]] core::PoolRecord sample_pool();
[[nodiscard]] core::ScheduleRecord sample_schedule();
[[nodiscard]] core::SkippedFire sample_skipped_fire();
[[nodiscard]] core::AlertRecord sample_alert();
[[nodiscard]] core::ReceiptRecord sample_receipt();
[[nodiscard]] core::HookSecretRecord sample_hook_secret();
[[nodiscard]] BatchRow sample_batch_row();
[[nodiscard]] TasksRow sample_tasks_row();
[[nodiscard]] DetailsRow sample_details_row();

/// One event of every alternative, in the variant's order.
[[nodiscard]] std::vector<core::Event> sample_events();

}  // namespace sheaf::store
