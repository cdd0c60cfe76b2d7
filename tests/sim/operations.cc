// What the clients ask for.
#include <utility>

#include "common/base/check.h"
#include "common/os/digest.h"
#include "tests/sim/deployed_files.h"
#include "tests/sim/equipment.h"
#include "tests/sim/workload.h"

namespace sheaf::sim {
namespace {

/// How often somebody looks for runs that wait at a pool that stays paused.
constexpr std::chrono::minutes kLookForPaused{20};

std::string random_task_key(Dice& dice) {
  return "t" + std::to_string(dice.below(5));
}

std::string random_selector(Dice& dice) {
  return (dice.chance(50) ? "+" : "") + random_task_key(dice) + (dice.chance(50) ? "+" : "");
}

}  // namespace

core::DeployedJob Workload::random_document(const JobPlan& plan) {
  std::string document = random_job(parts_.dice, plan);
  auto settings = model::parse_job_settings(document);
  SHEAF_CHECK(settings.has_value(), settings.error().message + " in " + document);
  std::string digest = os::sha256_hex(document);
  return {.resource_key = plan.name,
          .settings_digest = std::move(digest),
          .settings_json = std::move(document),
          .settings = std::make_shared<const model::JobSettings>(*std::move(settings))};
}

void Workload::deploy(Season season) {
  core::Deploy command{.bundle = "b",
                       .target = "dev",
                       .manifest_digest = parts_.dice.pick(deployed_files::kManifests),
                       .file_path = "/Workspace/b",
                       .principal = "ann"};
  std::vector<std::string> names;
  for (const char* name : {"one", "two", "three", "four", "five"}) {
    if (season == Season::kQuiet || !parts_.dice.chance(15)) {
      names.emplace_back(name);  // Otherwise the job is removed, or was never there.
    }
  }
  // A job starts later ones only, and the chain is one longer than the deepest run-job task; or it
  // starts any. Then runs may wait for each other in a circle until their queues have room.
  for (std::size_t index = 0; index < names.size(); ++index) {
    std::vector<std::string> linkable = names;
    if (!has_circles_) {
      linkable.erase(linkable.begin(), linkable.begin() + static_cast<std::ptrdiff_t>(index) + 1);
    }
    command.jobs.push_back(random_document({.name = names[index],
                                            .season = season,
                                            .linkable = std::move(linkable),
                                            .has_room = has_circles_ && season == Season::kQuiet}));
  }
  ask(std::move(command), "");
}

void Workload::redeploy() {
  deploy(Season::kStorm);
}

void Workload::submit() {
  if (jobs_.empty()) {
    return;
  }
  core::SubmitRun command{.job = parts_.dice.pick(jobs_)};
  if (parts_.dice.chance(30)) {
    command.overrides.emplace_back("p", "given " + std::to_string(next_key_));
  }
  if (parts_.dice.chance(20)) {
    for (std::size_t left = 1 + parts_.dice.below(2); left > 0; --left) {
      command.only.push_back(random_selector(parts_.dice));
    }
  }
  if (parts_.dice.chance(40)) {
    const std::string delivery = std::to_string(next_key_++);
    command.trigger = {.kind = model::TriggerKind::kHook, .hook = "h", .delivery = delivery};
    command.receipt_key = "hook/" + to_string(command.job) + "/h/" + delivery;
    command.receipt_kept = limits::kHookDeliveryKept;
  } else {
    command.idempotency_token = "t" + std::to_string(next_key_++);
    command.receipt_key = "token/" + command.idempotency_token;
    if (parts_.dice.chance(25)) {
      command.queue_enabled = parts_.dice.chance(50);
      parts_.ledger.expect_queue(command.idempotency_token, *command.queue_enabled);
    }
  }
  std::string key = command.receipt_key;
  ask(std::move(command), std::move(key));
}

void Workload::submit_once() {
  core::DeployedJob job = random_document({.name = "once", .season = Season::kStorm});
  core::SubmitOnce command{.settings_digest = std::move(job.settings_digest),
                           .settings_json = std::move(job.settings_json),
                           .settings = std::move(job.settings),
                           .trigger = {.principal = "ann"}};
  command.idempotency_token = "t" + std::to_string(next_key_++);
  command.receipt_key = "token/" + command.idempotency_token;
  std::string key = command.receipt_key;
  ask(std::move(command), std::move(key));
}

RunId Workload::pick_run(bool is_over) {
  std::vector<RunId> found;
  for (const auto& [id, run] : parts_.ledger.runs()) {
    if (run.is_over == is_over && !run.is_deleted) {
      found.push_back(id);
    }
  }
  return found.empty() ? RunId{} : parts_.dice.pick(found);
}

void Workload::cancel() {
  if (const RunId run = pick_run(false); run.is_valid()) {
    ask(core::CancelRun{.run = run}, "");
  }
}

void Workload::cancel_task() {
  const RunId id = pick_run(false);
  const core::LiveRun* run = parts_.ledger.folded().find_run(id);
  if (run == nullptr || run->record.task_count == 0) {
    return;
  }
  // Often one that is under way; those that wait and those that are over are asked for as well.
  std::vector<core::TaskIndex> tasks;
  for (core::TaskIndex task = 0; task < run->record.task_count; ++task) {
    const model::TaskState state = run->tasks.state[task];
    if (!is_terminal(state) && state != model::TaskState::kBlocked) {
      tasks.push_back(task);
    }
  }
  const bool any = tasks.empty() || parts_.dice.chance(20);
  const auto task = any ? static_cast<core::TaskIndex>(parts_.dice.below(run->record.task_count))
                        : parts_.dice.pick(tasks);
  parts_.ledger.expect_cancel(id, task);
  ask(core::CancelRun{.run = id, .attempt = run->tasks.attempt[task]}, "");
}

void Workload::cancel_all() {
  core::CancelAllRuns command;
  if (!jobs_.empty() && parts_.dice.chance(70)) {
    command.job = parts_.dice.pick(jobs_);
  }
  command.which = parts_.dice.chance(50) ? core::CancelAllRuns::Which::kActive
                                         : core::CancelAllRuns::Which::kQueued;
  ask(command, "");
}

void Workload::repair() {
  const RunId id = pick_run(true);
  if (!id.is_valid()) {
    return;
  }
  Dice& dice = parts_.dice;
  const core::RunRecord& run = parts_.ledger.runs().at(id).record;
  core::RepairRun command{.run = id, .all_failed = dice.chance(60)};
  if (!command.all_failed) {
    for (std::size_t left = 1 + dice.below(2); left > 0; --left) {
      command.tasks.push_back(random_task_key(dice));
    }
  }
  if (dice.chance(30)) {
    command.dependents = core::RepairRun::Dependents::kAll;
  }
  if (dice.chance(20)) {
    command.overrides.emplace_back("p", "repaired " + std::to_string(next_key_++));
  }
  if (!run.repairs.empty() && dice.chance(95)) {
    command.latest_repair = run.repairs.back().id;
  }
  if (parts_.ledger.expect_repair(command)) {
    ask(std::move(command), "");
  }
}

void Workload::remove() {
  if (const RunId run = pick_run(true); run.is_valid()) {
    ask(core::DeleteRun{.run = run}, "");
  }
}

void Workload::change_pool() {
  const std::string name = parts_.dice.pick(equipment::kPools);
  if (parts_.dice.chance(15)) {
    ask(core::RemovePool{.name = name}, "");
    return;
  }
  ask(core::SetPool{.name = name, .limit = static_cast<std::uint32_t>(parts_.dice.below(5))}, "");
}

void Workload::end_pauses() {
  if (parts_.dice.chance(30)) {
    cancel_paused();
    return;
  }
  for (const char* name : equipment::kPools) {
    if (parts_.dice.chance(50)) {
      ask(core::RemovePool{.name = name}, "");
    } else {
      ask(core::SetPool{.name = name, .limit = 1}, "");
    }
  }
}

void Workload::cancel_paused() {
  const core::State& state = parts_.ledger.folded();
  for (const auto& [id, run] : state.runs) {
    for (core::TaskIndex task = 0; task < run->record.task_count; ++task) {
      const auto pool = state.pools.find(run->task_settings(task).pool);
      const bool is_paused = pool != state.pools.end() && pool->second.limit == 0;
      if (is_paused && run->tasks.state[task] == model::TaskState::kReady &&
          run->record.state == model::RunState::kRunning) {
        ask(core::CancelRun{.run = id}, "");
        break;
      }
    }
  }
  parts_.timeline.after(kLookForPaused, [this] { cancel_paused(); });
}

}  // namespace sheaf::sim
