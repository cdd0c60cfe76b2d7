// `sheaf schedules`: the next fires, and what was skipped.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

std::string id_text(std::int64_t id) {
  return id > 0 ? std::to_string(id) : "-";
}

void add_schedule(Table& table, const boost::json::object& schedule) {
  const bool is_paused = flag_at(schedule, "paused");
  table.add({text_at(schedule, "job_name"),
             text_at(schedule, "quartz_cron_expression"),
             text_at(schedule, "timezone_id"),
             is_paused ? "paused" : time_text(number_at(schedule, "next_time")),
             id_text(number_at(schedule, "last_run_id")),
             std::to_string(array_at(schedule, "skipped").size())});
}

void add_skipped(Table& table, const boost::json::object& schedule) {
  for (const auto& entry : array_at(schedule, "skipped")) {
    if (entry.is_object()) {
      const auto& fire = entry.get_object();
      table.add({text_at(schedule, "job_name"),
                 time_text(number_at(fire, "nominal_time")),
                 text_at(fire, "reason"),
                 id_text(number_at(fire, "covered_by"))});
    }
  }
}

class SchedulesCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("schedules", "Lists schedules, their next and their skipped fires");
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto answer = scheduler->get("/api/sheaf/v1/schedules");
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
      return ExitStatus::kSuccess;
    }
    Table schedules({"JOB", "EXPRESSION", "ZONE", "NEXT", "LAST RUN", "SKIPPED"});
    Table skipped({"JOB", "SKIPPED", "REASON", "COVERED BY RUN"});
    for (const auto& entry : array_at(*answer, "schedules")) {
      if (entry.is_object()) {
        add_schedule(schedules, entry.get_object());
        add_skipped(skipped, entry.get_object());
      }
    }
    print(schedules.is_empty() ? "No schedules.\n" : schedules.text());
    if (!skipped.is_empty()) {
      print("\n" + skipped.text());
    }
    return ExitStatus::kSuccess;
  }
};

}  // namespace

std::unique_ptr<Command> make_schedules_command() {
  return std::make_unique<SchedulesCommand>();
}

}  // namespace sheaf::cli
