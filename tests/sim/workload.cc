#include "tests/sim/workload.h"

#include <array>
#include <utility>

#include "common/base/check.h"
#include "common/os/digest.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {

void Workload::begin() {
  deploy(Season::kStorm);
  act();
}

void Workload::end() {
  is_over_ = true;
  deploy(Season::kQuiet);
}

void Workload::act() {
  if (is_over_) {
    return;
  }
  Dice& dice = parts_.dice;
  const std::size_t thrown = dice.below(100);
  if (jobs_.empty() && is_settled()) {
    deploy(Season::kStorm);
  } else if (thrown < 80 || tasks() == 0) {
    submit();
  } else if (thrown < 90) {
    cancel();
  } else {
    deploy(Season::kStorm);
  }
  const Milliseconds pause = dice.chance(70)
                                 ? dice.between(Milliseconds{10}, std::chrono::seconds(60))
                                 : dice.between(std::chrono::minutes(1), std::chrono::minutes(8));
  parts_.timeline.after(pause, [this] { act(); });
}

void Workload::deploy(Season season) {
  core::Deploy command{.bundle = "b",
                       .target = "dev",
                       .manifest_digest = "",
                       .file_path = "/Workspace/b",
                       .principal = "ann"};
  // A job starts later ones only; the chain is one longer than the deepest run-job task.
  std::vector<std::string> names;
  for (const char* name : {"one", "two", "three", "four", "five"}) {
    if (season == Season::kQuiet || !parts_.dice.chance(15)) {
      names.emplace_back(name);  // Otherwise the job is removed, or was never there.
    }
  }
  while (!names.empty()) {
    const std::string name = names.front();
    names.erase(names.begin());
    std::string document =
        random_job(parts_.dice, {.name = name, .season = season, .linkable = names});
    auto settings = model::parse_job_settings(document);
    SHEAF_CHECK(settings.has_value(), settings.error().message + " in " + document);
    std::string digest = os::sha256_hex(document);
    command.jobs.push_back(
        {.resource_key = name,
         .settings_digest = std::move(digest),
         .settings_json = std::move(document),
         .settings = std::make_shared<const model::JobSettings>(*std::move(settings))});
  }
  ask(std::move(command), "");
}

void Workload::submit() {
  if (jobs_.empty()) {
    return;
  }
  core::SubmitRun command{.job = parts_.dice.pick(jobs_)};
  if (parts_.dice.chance(30)) {
    command.overrides.emplace_back("p", "given " + std::to_string(next_key_));
  }
  if (parts_.dice.chance(40)) {
    const std::string delivery = std::to_string(next_key_++);
    command.trigger = {.kind = model::TriggerKind::kHook, .hook = "h", .delivery = delivery};
    command.receipt_key = "hook/" + to_string(command.job) + "/h/" + delivery;
    command.receipt_kept = limits::kHookDeliveryKept;
  } else {
    command.idempotency_token = "t" + std::to_string(next_key_++);
    command.receipt_key = "token/" + command.idempotency_token;
  }
  std::string key = command.receipt_key;
  ask(std::move(command), std::move(key));
}

void Workload::cancel() {
  std::vector<RunId> open;
  for (const auto& [id, run] : parts_.ledger.runs()) {
    if (!run.is_over) {
      open.push_back(id);
    }
  }
  if (!open.empty()) {
    ask(core::CancelRun{.run = parts_.dice.pick(open)}, "");
  }
}

void Workload::ask(core::Command command, std::string key) {
  auto request =
      std::make_shared<Request>(Request{.command = std::move(command), .key = std::move(key)});
  ++open_requests_;
  send(request);
  if (!request->key.empty() && parts_.faults.strikes(Fault::kRequestRepeated)) {
    send(request);
  }
}

void Workload::send(const std::shared_ptr<Request>& request) {
  const std::uint64_t number = ++request->tries;
  parts_.scheduler.post(request->command, [this, request](const engine::Outcome& outcome) {
    answer(*request, outcome);
  });
  const Milliseconds patience =
      parts_.dice.between(std::chrono::seconds(2), std::chrono::seconds(40));
  parts_.timeline.after(patience, [this, request, number] {
    if (!request->is_answered && request->tries == number) {
      send(request);
    }
  });
}

void Workload::answer(Request& request, const engine::Outcome& outcome) {
  if (!outcome && (outcome.error().code == ErrorCode::kUnavailable ||
                   outcome.error().code == ErrorCode::kExhausted)) {
    return;  // Asked again later.
  }
  if (!std::exchange(request.is_answered, true)) {
    --open_requests_;
  }
  if (!outcome) {
    return;  // A job that is gone, a run that is over.
  }
  if (const auto* reply = std::get_if<core::SubmitReply>(&*outcome)) {
    parts_.ledger.check_acknowledged(reply->run);
    const auto [known, is_new] = answered_.emplace(request.key, reply->run);
    if (!is_new && known->second != reply->run) {
      violate("P6", request.key + " was answered with two runs");
    }
  } else if (const auto* deployed = std::get_if<core::DeployReply>(&*outcome)) {
    take_jobs(*deployed);
  }
}

void Workload::take_jobs(const core::DeployReply& reply) {
  jobs_.clear();
  for (const core::DeployReply::Job& job : reply.jobs) {
    if (job.change != core::DeployReply::Job::Change::kRemoved) {
      jobs_.push_back(job.id);
    }
  }
}

std::size_t Workload::tasks() const {
  std::size_t sum = 0;
  for (const auto& [id, run] : parts_.ledger.runs()) {
    sum += run.record.state == model::RunState::kSkipped ? 0 : run.tasks.size();
  }
  return sum;
}

void Workload::check_answers() const {
  for (const auto& [key, run] : answered_) {
    parts_.ledger.check_acknowledged(run);
  }
}

}  // namespace sheaf::sim
