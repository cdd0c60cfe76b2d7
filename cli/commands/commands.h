// The makers of all commands; each is defined in the file of the command's name.
#pragma once

#include <memory>

#include "cli/command.h"

namespace sheaf::cli {

[[nodiscard]] std::unique_ptr<Command> make_up_command();
[[nodiscard]] std::unique_ptr<Command> make_auth_command();
[[nodiscard]] std::unique_ptr<Command> make_init_command();
[[nodiscard]] std::unique_ptr<Command> make_doctor_command();
[[nodiscard]] std::unique_ptr<Command> make_validate_command();
[[nodiscard]] std::unique_ptr<Command> make_deploy_command();
[[nodiscard]] std::unique_ptr<Command> make_plan_command();
[[nodiscard]] std::unique_ptr<Command> make_rollback_command();
[[nodiscard]] std::unique_ptr<Command> make_destroy_command();
[[nodiscard]] std::unique_ptr<Command> make_summary_command();
[[nodiscard]] std::unique_ptr<Command> make_run_command();
[[nodiscard]] std::unique_ptr<Command> make_runs_command();
[[nodiscard]] std::unique_ptr<Command> make_why_command();
[[nodiscard]] std::unique_ptr<Command> make_logs_command();
[[nodiscard]] std::unique_ptr<Command> make_cancel_command();
[[nodiscard]] std::unique_ptr<Command> make_repair_command();
[[nodiscard]] std::unique_ptr<Command> make_delete_command();
[[nodiscard]] std::unique_ptr<Command> make_schedules_command();
[[nodiscard]] std::unique_ptr<Command> make_hooks_command();
[[nodiscard]] std::unique_ptr<Command> make_pools_command();
[[nodiscard]] std::unique_ptr<Command> make_cron_command();
[[nodiscard]] std::unique_ptr<Command> make_graph_command();
[[nodiscard]] std::unique_ptr<Command> make_schema_command();
[[nodiscard]] std::unique_ptr<Command> make_commands_command();

}  // namespace sheaf::cli
