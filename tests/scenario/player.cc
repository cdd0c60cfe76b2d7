#include "tests/scenario/player.h"

#include "common/base/check.h"
#include "tests/scenario/declared_jobs.h"

namespace sheaf::scenario {
namespace {

model::AttemptEnd parse_end(const std::string& text) {
  static const std::map<std::string, model::AttemptEnd> kNames = {
      {"exited", model::AttemptEnd::kExited},
      {"signalled", model::AttemptEnd::kSignalled},
      {"timed_out", model::AttemptEnd::kTimedOut},
      {"cancelled", model::AttemptEnd::kCancelled},
      {"not_started", model::AttemptEnd::kNotStarted},
      {"lost", model::AttemptEnd::kLost}};
  const auto found = kNames.find(text);
  SHEAF_CHECK(found != kNames.end(), "not an end: " + text);
  return found->second;
}

core::HeldAttempt::State parse_held(const std::string& text) {
  if (text == "preparing") {
    return core::HeldAttempt::State::kPreparing;
  }
  return text == "finished" ? core::HeldAttempt::State::kFinished
                            : core::HeldAttempt::State::kRunning;
}

}  // namespace

std::string Player::play(const Block& block) {
  const Words words(block.command);
  if (words.verb() == "deploy") {
    static_cast<void>(world_.deploy_all(declared_jobs(block.details)));
    return news();
  }
  if (words.verb() == "together") {
    std::vector<core::Command> commands;
    for (const std::string& line : block.details) {
      commands.push_back(command(Words(line)));
    }
    return run(commands);
  }
  if (words.verb() == "restart") {
    world_.restart();
    return news();
  }
  if (words.verb() == "show") {
    return show(words);
  }
  return run({command(words)});
}

std::string Player::run(const std::vector<core::Command>& commands) {
  const auto judgements = world_.turn_all(commands);
  std::string text = news();
  for (const auto& judgement : judgements) {
    if (!judgement) {
      text += printer_.print(judgement.error());
    } else if (!std::holds_alternative<std::monostate>(*judgement)) {
      text += printer_.print(*judgement);
    }
  }
  return text;
}

core::Command Player::command(const Words& words) {
  const std::string& verb = words.verb();
  if (verb == "submit") {
    return submit(words);
  }
  if (verb == "cancel") {
    return core::CancelRun{.run = names_.run(words.word(0))};
  }
  if (verb == "repair") {
    return core::RepairRun{.run = names_.run(words.word(0)), .all_failed = true};
  }
  if (verb == "register") {
    return register_worker(words);
  }
  if (verb == "started") {
    return started(words);
  }
  if (verb == "finished") {
    return finished(words);
  }
  if (verb == "rejected") {
    const Lease& lease = leases_.at(words.word(0));
    return core::ReportRejected{.worker = lease.worker,
                                .attempt = lease.attempt,
                                .fence = lease.fence,
                                .reason = words.option("reason")};
  }
  if (verb == "values") {
    return values(words);
  }
  if (verb == "outcomes") {
    return outcomes(words);
  }
  if (verb == "silence") {
    return silence(words);
  }
  if (verb == "pass") {
    world_.now += parse_duration(words.word(0));
    return core::AdvanceTime{};
  }
  if (verb == "fire") {
    return fire(words);
  }
  if (verb == "arm") {
    return core::ArmTrigger{.trigger = names_.trigger_of(words.word(0)),
                            .next = instant(words.option("at"))};
  }
  SHEAF_CHECK(verb == "alert", "not a command: " + verb);
  return settle_alert(words);
}

core::Command Player::submit(const Words& words) const {
  core::SubmitRun command{.job = names_.job(words.word(0)),
                          .receipt_key = words.option("receipt"),
                          .receipt_kept = parse_duration(words.option("kept", "0s"))};
  if (words.has("hook")) {
    command.trigger = {.kind = model::TriggerKind::kHook, .hook = words.option("hook")};
  }
  if (words.has("parameter")) {
    const auto parts = split(words.option("parameter"), ':');
    command.overrides.emplace_back(parts.at(0), parts.at(1));
  }
  return command;
}

core::Command Player::register_worker(const Words& words) const {
  core::RegisterWorker command{.name = words.word(0),
                               .boot_id = words.option("boot", "b1"),
                               .version = "test",
                               .slots = static_cast<std::uint32_t>(words.number("slots", 1))};
  for (const std::string& held : words.list("holds")) {
    const auto parts = split(held, ':');
    const Lease& lease = leases_.at(parts.at(0));
    command.attempts.push_back(
        {.attempt = lease.attempt, .fence = lease.fence, .state = parse_held(parts.at(1))});
  }
  return command;
}

core::Command Player::started(const Words& words) {
  Lease& lease = leases_.at(words.word(0));
  lease.started = world_.now;
  return core::ReportStarted{.worker = lease.worker,
                             .attempt = lease.attempt,
                             .fence = lease.fence,
                             .started = world_.now};
}

core::Command Player::finished(const Words& words) const {
  const Lease& lease = leases_.at(words.word(0));
  return core::ReportResult{.worker = lease.worker,
                            .attempt = lease.attempt,
                            .fence = lease.fence,
                            .outcome = {.end = parse_end(words.option("end", "exited")),
                                        .exit_code = static_cast<int>(words.number("exit", 0)),
                                        .tree_empty = !words.has("tree-alive"),
                                        .message = words.option("message"),
                                        .started = lease.started,
                                        .ended = world_.now}};
}

core::Command Player::values(const Words& words) const {
  const Lease& lease = leases_.at(words.word(0));
  core::ReportValues command{
      .worker = lease.worker, .attempt = lease.attempt, .fence = lease.fence};
  for (const auto& [key, json] : words.options()) {
    command.values.push_back({.key = key, .json = json});
  }
  return command;
}

core::Command Player::outcomes(const Words& words) const {
  const Lease& lease = leases_.at(words.word(0));
  core::ReportOutcomes command{.worker = lease.worker,
                               .attempt = lease.attempt,
                               .fence = lease.fence,
                               .is_ready = words.has("ready")};
  for (const char* name : {"ok", "bad"}) {
    for (const std::string& index : words.list(name)) {
      const bool is_success = std::string_view(name) == "ok";
      command.entries.push_back({.index = static_cast<std::uint32_t>(std::stoul(index)),
                                 .is_success = is_success,
                                 .error = is_success ? "" : "bad " + index});
    }
  }
  return command;
}

core::Command Player::silence(const Words& words) const {
  using Verdict = core::ReportSilence::Verdict;
  const std::string& verdict = words.word(1);
  return core::ReportSilence{.worker = names_.worker(words.word(0)),
                             .verdict = verdict == "over"      ? Verdict::kLeaseOver
                                        : verdict == "suspect" ? Verdict::kSuspect
                                                               : Verdict::kHeardAgain};
}

core::Command Player::fire(const Words& words) const {
  core::FireTrigger command{.trigger = names_.trigger_of(words.word(0)),
                            .job = names_.job(words.word(0)),
                            .nominal = instant(words.option("at")),
                            .following = instant(words.option("following"))};
  for (const std::string& skipped : words.list("skipped")) {
    command.skipped.push_back(instant(skipped));
  }
  return command;
}

core::Command Player::settle_alert(const Words& words) const {
  using Outcome = core::SettleAlert::Outcome;
  core::SettleAlert command{.alert = names_.alert(words.word(0)), .error = words.option("error")};
  if (words.has("at")) {
    command.outcome = Outcome::kPostponed;
    command.next_try = instant(words.option("at"));
  } else if (words.has("dropped")) {
    command.outcome = Outcome::kDropped;
  }
  return command;
}

std::string Player::show(const Words& words) const {
  const core::StoredRun& run = world_.stored_runs().at(names_.run(words.word(0)));
  std::string text = "  " + words.word(0) + " " + std::string(to_string(run.record.state));
  for (core::TaskIndex task = 0; task < run.rows.size(); ++task) {
    const std::string name = names_.of(run.record.id, task);
    text += (task == 0 ? ": " : ", ") + name.substr(name.find('/') + 1) + " " +
            std::string(to_string(run.rows[task].state));
  }
  return text + "\n";
}

std::string Player::news() {
  std::string text;
  for (; printed_ < world_.events.size(); ++printed_) {
    names_.learn(world_.events[printed_]);
    text += printer_.print(world_.events[printed_]);
  }
  for (const core::Effect& effect : world_.take_effects()) {
    text += printer_.print(effect);
    if (const auto* start = std::get_if<core::StartAttempt>(&effect)) {
      const core::TaskRef task = world_.state.attempts.at(start->spec.attempt);
      const std::string key = names_.of(task.run, task.task);
      const Lease lease{
          .worker = start->worker, .attempt = start->spec.attempt, .fence = start->spec.fence};
      leases_[key] = lease;
      leases_[key + "#" + std::to_string(start->spec.attempt_number)] = lease;
    }
  }
  return text;
}

Timestamp Player::instant(const std::string& text) const {
  return text == "never" ? kNoTime : origin_ + parse_duration(text);
}

}  // namespace sheaf::scenario
