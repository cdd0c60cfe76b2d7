#include "tests/unit/scheduler/store/samples.h"

namespace sheaf::store {
namespace {

Timestamp at(std::int64_t epoch_ms) {
  return from_epoch_ms(epoch_ms);
}

std::string digest(char digit) {
  return std::string(64, digit);
}

}  // namespace

core::JobRecord sample_job() {
  return {.id = JobId{101},
          .deployment = DeploymentId{100},
          .resource_key = "wine",
          .name = "wine retraining [dev]",
          .settings_digest = digest('a'),
          .manifest_digest = digest('b'),
          .file_path = "/Workspace/Users/ann/.bundle/wine/dev/files",
          .creator = "ann",
          .created = at(1'700'000'000'001),
          .updated = at(1'700'000'000'002),
          .schedule = TriggerId{102},
          .links = {{.resource_key = "child", .job = JobId{103}}}};
}

core::DeploymentRecord sample_deployment() {
  return {.id = DeploymentId{100},
          .bundle = "wine",
          .target = "dev",
          .version = 7,
          .manifest_digest = digest('b'),
          .file_path = "/Workspace/Users/ann/.bundle/wine/dev/files",
          .deployed_by = "ann",
          .deployed = at(1'700'000'000'003),
          .jobs = {JobId{101}, JobId{kMaxPublicId}},
          .contents = {{.resource_key = "wine",
                        .settings_digest = digest('a'),
                        .manifest_digest = digest('b'),
                        .file_path = "/Workspace/files"},
                       {.resource_key = "child", .settings_digest = digest('c')}}};
}

core::RunRecord sample_run() {
  return {.id = RunId{200},
          .job = JobId{101},
          .deployment = DeploymentId{100},
          .name = "wine retraining [dev]",
          .settings_digest = digest('a'),
          .manifest_digest = digest('b'),
          .file_path = "/Workspace/files",
          .state = model::RunState::kSkipped,
          .stop_reason = model::StopReason::kTimeout,
          .message = "said \"no\"\n",
          .trigger = {.kind = model::TriggerKind::kHook,
                      .trigger = TriggerId{102},
                      .nominal = at(-5),
                      .hook = "drift",
                      .delivery = "msg_1",
                      .principal = "ann",
                      .parent = {.run = RunId{199}, .task = 4}},
          .parameters = {{"reason", "drift"}, {"empty", ""}},
          .overrides = {{"reason", "drift"}},
          .idempotency_token = "token",
          .submitted = at(1'700'000'000'010),
          .started = at(1'700'000'000'011),
          .ended = at(1'700'000'000'012),
          .deadline = at(1'700'000'000'013),
          .first_attempt = AttemptId{201},
          .submitted_size = 4,
          .graph_size = 3,
          .task_count = 8,
          .blocks = {{.parent = 1, .first = 3, .count = 5, .first_attempt = AttemptId{210}}},
          .type = core::RunType::kSubmitted,
          .depth = 2,
          .links = {{.resource_key = "child", .job = JobId{103}}},
          .only = {"+train"},
          .python_parameters = {"--fast"},
          .repairs = {{.id = 0,
                       .started = at(1'700'000'000'011),
                       .ended = at(1'700'000'000'012),
                       .state = model::RunState::kFailed,
                       .message = "train failed"},
                      {.id = 220, .attempts = {AttemptId{221}, AttemptId{222}}}}};
}

core::TaskRow sample_task() {
  return {.state = model::TaskState::kInternalError,
          .outcome = 2,
          .lost_attempts = 3,
          .stop_reason = model::StopReason::kTimeout,
          .attempt_number = 4'000'000'000,
          .attempt = AttemptId{kMaxPublicId},
          .worker = WorkerId{12},
          .fence = 0xFEDC'BA98'7654'3210,
          .started = at(1'700'000'000'020),
          .ended = at(-1'700'000'000'021),
          .deadline = at(1'700'000'000'022),
          .stdout_bytes = 4'000'000'000,
          .stderr_bytes = 128};
}

core::TaskDetails sample_details() {
  return {.message = "exit code 3",
          .attempts = {{.id = AttemptId{201},
                        .number = 1,
                        .repair = 2,
                        .worker = WorkerId{12},
                        .state = model::TaskState::kTimedOut,
                        .overlap_possible = true,
                        .outcome = {.end = model::AttemptEnd::kLost,
                                    .exit_code = -3,
                                    .signal = 9,
                                    .tree_empty = true,
                                    .out_of_memory = true,
                                    .message = "killed",
                                    .warnings = {"slow", ""},
                                    .started = at(1'700'000'000'030),
                                    .ended = at(1'700'000'000'031),
                                    .stdout_bytes = 1'000'000'000'000,
                                    .stderr_bytes = 127}},
                       {}},
          .values = {{.key = "model_update", .json = "1"}},
          .staged = {{.key = "rmse", .json = "0.61"}},
          .warnings = {"Python 3.11 stands in for 3.12"},
          .child = RunId{230},
          .gpus = {0, 300}};
}

core::WorkerRecord sample_worker() {
  return {.id = WorkerId{12},
          .name = "local",
          .boot_id = "6f5c1f3e",
          .version = "0.1.0",
          .slots = 4,
          .labels = {"gpu", "large"},
          .registered = at(1'700'000'000'040),
          .resources = {.cpu_millis = 7'500, .memory_bytes = 1LL << 40, .gpus = {0, 3}},
          .cached_environments = {7, 0xFEDC'BA98'7654'3210}};
}

core::PoolRecord sample_pool() {
  return {.name = "licences", .limit = 300, .updated = at(1'700'000'000'100)};
}

core::ScheduleRecord sample_schedule() {
  return {.id = TriggerId{102},
          .job = JobId{101},
          .settings = {.quartz_cron_expression = "0 0 3 * * ?",
                       .timezone_id = "Europe/Berlin",
                       .paused = true,
                       .daylight_saving = model::DaylightSavingRule::kQuartz},
          .settled = at(1'700'000'000'050),
          .next = at(1'700'000'000'051)};
}

core::SkippedFire sample_skipped_fire() {
  return {.trigger = TriggerId{102},
          .job = JobId{101},
          .nominal = at(1'700'000'000'060),
          .reason = "the scheduler was down",
          .covered_by = RunId{200}};
}

core::AlertRecord sample_alert() {
  return {.id = AlertId{300},
          .event = core::AlertEvent::kSuccess,
          .target = {.channel = model::AlertTarget::Channel::kEmail, .destination = "ann@example"},
          .run = RunId{200},
          .job = JobId{101},
          .job_name = "wine",
          .run_state = model::RunState::kTimedOut,
          .message = "late",
          .state = core::AlertRecord::State::kDropped,
          .tries = 5,
          .created = at(1'700'000'000'070),
          .next_try = at(1'700'000'000'071),
          .last_error = "refused"};
}

core::ReceiptRecord sample_receipt() {
  return {.key = "hook/101/drift/msg_1", .run = RunId{200}, .at = at(1'700'000'000'080)};
}

core::HookSecretRecord sample_hook_secret() {
  return {.job = JobId{101},
          .hook = "drift",
          .sealed = std::string("\0\xFF sealed", 9),
          .set = at(1'700'000'000'090)};
}

BatchRow sample_batch_row() {
  return {.epoch = 3,
          .chain = 0x0123'4567'89AB'CDEF,
          .segments = {{.run = RunId{}, .count = 2}, {.run = RunId{200}, .count = 300}}};
}

TasksRow sample_tasks_row() {
  return {.tasks = {sample_task(), core::TaskRow{}}};
}

DetailsRow sample_details_row() {
  return {.details = {{1, sample_details()}, {2, {}}}};
}

namespace {

std::vector<core::Event> stream_events(RunId run) {
  return {
      core::StreamReported{.run = run,
                           .holder = 4,
                           .mark = core::kStreamBegun | core::kHolderFailed,
                           .holder_error = "no such file",
                           .succeeded = {{.first = 5, .count = 2}, {.first = 9, .count = 1}},
                           .at = at(12)},
      core::StreamEnded{.run = run, .holder = 4, .stdout_bytes = 5, .stderr_bytes = 6},
      core::IterationsReturned{
          .run = run, .rows = {{.first = 5, .count = 3}}, .first_attempt = AttemptId{950}},
  };
}

}  // namespace

std::vector<core::Event> sample_events() {
  const RunId run{200};
  std::vector<core::Event> events = {
      core::EpochBegan{.epoch = 3},
      core::DeploymentRecorded{.deployment = sample_deployment()},
      core::JobRecorded{.job = sample_job(),
                        .settings_json = R"({"name":"wine"})",
                        .max_concurrent_runs = 2,
                        .timeout_s = 600},
      core::JobRemoved{.job = JobId{101}},
      core::ScheduleRecorded{.schedule = sample_schedule()},
      core::ScheduleRemoved{.trigger = TriggerId{102}},
      core::FireSkipped{.fire = sample_skipped_fire()},
      core::RunSubmitted{.run = sample_run()},
      core::RunStarted{.run = run, .at = at(1), .deadline = at(2)},
      core::RunStopRequested{.run = run, .reason = model::StopReason::kTimeout, .message = "late"},
      core::RunFinished{
          .run = run, .state = model::RunState::kFailed, .message = "train failed", .at = at(3)},
      core::TasksReady{.run = run, .tasks = {0, 1, 999}},
      core::TasksLeased{.run = run,
                        .fence = 9,
                        .leases = {{.task = 1,
                                    .worker = WorkerId{12},
                                    .attempt = AttemptId{202},
                                    .gpus = {1, 2},
                                    .others = {{.first = 5, .count = 3}}}}},
      core::TaskReturned{.run = run, .task = 1},
      core::AttemptStarted{.run = run, .task = 1, .at = at(4), .deadline = at(5)},
      core::ValuesStaged{.run = run, .task = 1, .values = sample_details().values},
      core::AttemptFinished{.run = run, .task = 1, .attempt = sample_details().attempts.front()},
      core::RetryScheduled{
          .run = run, .task = 1, .attempt = AttemptId{900}, .at = at(6), .was_lost = true},
      core::AttemptStopRequested{.run = run, .task = 1, .reason = model::StopReason::kTimeout},
      core::LossExpected{.run = run, .task = 1, .at = at(7)},
      core::TaskFinished{.run = run,
                         .task = 1,
                         .state = model::TaskState::kExcluded,
                         .outcome = 2,
                         .message = "not met",
                         .at = at(8)},
      core::OutcomeIgnored{.run = run, .attempt = AttemptId{202}, .reason = "late"},
      core::WorkerRecorded{.worker = sample_worker()},
      core::WorkerSuspected{.worker = WorkerId{12}, .suspect = false},
      core::AlertRecorded{.alert = sample_alert()},
      core::ReceiptRecorded{.receipt = sample_receipt()},
      core::HookSecretRecorded{.secret = sample_hook_secret()},
      core::TaskDelegated{.run = run, .task = 1, .at = at(9), .deadline = at(10)},
      core::IterationsPlanned{.run = run, .block = sample_run().blocks.front()},
      core::ChildRunStarted{.run = run, .task = 1, .child = RunId{230}},
      core::DelegationStopRequested{.run = run, .task = 1, .reason = model::StopReason::kTimeout},
      core::IterationsAbandoned{
          .run = run, .block = 1, .state = model::TaskState::kCancelled, .at = at(11)},
      core::RunRepaired{.run = sample_run(),
                        .rows = {sample_task(), core::TaskRow{}},
                        .details = {{1, sample_details()}},
                        .iterations = {{.first = AttemptId{240}, .count = 2}}},
      core::RunDeleted{.run = run},
      core::SettingsRecorded{.digest = "abc", .json = R"({"name":"once"})"},
      core::PoolRecorded{.pool = sample_pool()},
      core::PoolRemoved{.name = "licences"},
      core::TaskWarned{.run = run, .task = 1, .warning = "no worker has 8 gpu"},
  };
  for (const core::Event& event : stream_events(run)) {
    events.push_back(event);
  }
  events.emplace_back(
      core::DeploymentRemoved{.deployment = DeploymentId{100}, .bundle = "wine", .target = "dev"});
  return events;
}

}  // namespace sheaf::store
