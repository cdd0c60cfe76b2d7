#include "tests/sim/workload.h"

#include <array>
#include <utility>

#include "tests/sim/violation.h"

namespace sheaf::sim {

void Workload::begin() {
  deploy(Season::kStorm);
  act();
}

void Workload::end() {
  is_over_ = true;
  deploy(Season::kQuiet);
  end_pauses();
}

void Workload::act() {
  if (is_over_) {
    return;
  }
  Dice& dice = parts_.dice;
  if (jobs_.empty() && is_settled()) {
    deploy(Season::kStorm);
  } else if (tasks() == 0) {
    submit();
  } else {
    (this->*pick_operation())();
  }
  const Milliseconds pause = dice.chance(70)
                                 ? dice.between(Milliseconds{10}, std::chrono::seconds(60))
                                 : dice.between(std::chrono::minutes(1), std::chrono::minutes(8));
  parts_.timeline.after(pause, [this] { act(); });
}

Workload::Operation Workload::pick_operation() {
  struct Choice {
    std::size_t weight;
    Operation operation;
  };
  static constexpr std::array<Choice, 9> kChoices{{
      {55, &Workload::submit},
      {5, &Workload::submit_once},
      {5, &Workload::cancel},
      {7, &Workload::cancel_task},
      {1, &Workload::cancel_all},
      {10, &Workload::repair},
      {4, &Workload::remove},
      {8, &Workload::redeploy},
      {5, &Workload::change_pool},
  }};
  std::size_t thrown = parts_.dice.below(100);
  for (const Choice& choice : kChoices) {
    if (thrown < choice.weight) {
      return choice.operation;
    }
    thrown -= choice.weight;
  }
  return &Workload::submit;
}

void Workload::ask(core::Command command, std::string key) {
  auto request =
      std::make_shared<Request>(Request{.command = std::move(command), .key = std::move(key)});
  // A deployment that came late would undo the one that makes everything quiet, and a pool would be
  // paused for good.
  request->ends_with_storm = !is_over_ && (std::holds_alternative<core::Deploy>(request->command) ||
                                           std::holds_alternative<core::SetPool>(request->command));
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
    if (request->is_answered || request->tries != number) {
      return;
    }
    if (is_over_ && request->ends_with_storm) {
      request->is_answered = true;
      --open_requests_;
      return;
    }
    send(request);
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
