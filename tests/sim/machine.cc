#include "tests/sim/machine.h"

#include <utility>

#include "tests/sim/agent_host.h"
#include "tests/sim/equipment.h"
#include "tests/sim/trace.h"

namespace sheaf::sim {
namespace {

using model::AttemptEnd;

/// A run has room for some hundred values only.
bool is_iteration(const model::AttemptSpec& spec) {
  return spec.task_key.ends_with("_each");
}

/// A JSON array that a for-each task may take.
std::string random_list(Dice& dice, AttemptId attempt) {
  std::string text;
  for (std::size_t left = dice.below(6); left > 0; --left) {
    text +=
        (text.empty() ? "" : ",") + ("\"" + to_string(attempt) + "-" + std::to_string(left)) + "\"";
  }
  return "[" + text + "]";
}

}  // namespace

Machine::Machine(Parts parts, std::string name, Equipment equipment)
    : parts_(std::move(parts)),
      name_(std::move(name)),
      slots_(static_cast<std::uint32_t>(1 + parts_.dice.below(4))) {
  clocks_.drift_ppm = static_cast<std::int64_t>(parts_.dice.below(400)) - 200;
  clocks_.wall_offset =
      parts_.dice.between(Milliseconds{0}, std::chrono::seconds(4)) - std::chrono::seconds(2);
  const auto share = [&](std::size_t most) {
    return equipment == Equipment::kEverything ? most : parts_.dice.below(most + 1);
  };
  resources_.cpu_millis = static_cast<std::int64_t>(1'000 * share(equipment::kMostCores));
  resources_.memory_bytes = static_cast<std::int64_t>(share(equipment::kMostGibibytes)) << 30;
  for (std::size_t left = share(equipment::kMostGpus); left > 0; --left) {
    // Ascending, with gaps.
    const auto last = resources_.gpus.empty() ? 0 : resources_.gpus.back() + 1;
    resources_.gpus.push_back(last + static_cast<std::uint32_t>(parts_.dice.below(2)));
  }
  for (const char* label : equipment::kLabels) {
    if (equipment == Equipment::kEverything || parts_.dice.chance(50)) {
      labels_.emplace_back(label);
    }
  }
}

Machine::~Machine() = default;

void Machine::receive(const std::string& frame) {
  if (!agent_) {
    return;
  }
  try {
    agent_->receive(frame);
  } catch (const AgentDied&) {
    kill_agent();
  }
}

void Machine::start_agent() {
  trace(parts_.timeline.now(), name_, "agent starts");
  parts_.bus.reconnect(name_);
  agent_ = std::make_unique<AgentHost>(*this);
  agent_->recover();
}

void Machine::kill_agent() {
  trace(parts_.timeline.now(), name_, "agent dies");
  agent_.reset();
  revive_agent();
}

void Machine::revive_agent() {
  const Milliseconds pause =
      parts_.faults.is_over() || parts_.dice.chance(70)
          ? parts_.dice.between(Milliseconds{100}, std::chrono::seconds(3))
          : parts_.dice.between(std::chrono::seconds(3), std::chrono::minutes(5));
  parts_.timeline.after(pause, [this] {
    if (!agent_) {
      start_agent();
    }
  });
}

void Machine::kill_agent_between_actions() {
  if (agent_) {
    agent_->die_after(parts_.dice.below(6));
  }
}

void Machine::reboot(Reboot kind) {
  trace(
      parts_.timeline.now(), name_, kind == Reboot::kPowerLost ? "loses its power" : "is rebooted");
  agent_.reset();
  shims_.clear();
  parts_.truth.end_all(name_);
  if (kind == Reboot::kPowerLost) {
    lose_unsynced();
  }
  ++boot_;
  clocks_.booted = parts_.timeline.now();
  revive_agent();
}

bool Machine::is_lost(const Written& written) {
  return !written.is_synced && parts_.timeline.now() - written.at < kWriteBack &&
         parts_.dice.chance(50);
}

void Machine::lose_unsynced() {
  std::vector<AttemptId> gone;
  for (auto& [attempt, records] : disk_) {
    lose_lines(records);
    if (records.start && is_lost(records.start->written)) {
      records.start.reset();
    }
    if (records.exit && is_lost(records.exit->written)) {
      records.exit.reset();
    }
    if (records.outcome && is_lost(records.outcome_written)) {
      records.outcome.reset();
    }
    if (is_lost(records.lease_written)) {
      gone.push_back(attempt);
    }
  }
  for (const AttemptId attempt : gone) {
    disk_.erase(attempt);
  }
}

bool Machine::kill_a_shim() {
  std::vector<AttemptId> running;
  for (const auto& [attempt, shim] : shims_) {
    if (shim.is_alive && shim.has_started) {
      running.push_back(attempt);
    }
  }
  if (running.empty()) {
    return false;
  }
  const AttemptId attempt = parts_.dice.pick(running);
  trace(parts_.timeline.now(), name_, "shim of attempt " + to_string(attempt) + " dies");
  shims_.at(attempt).is_alive = false;
  shims_.at(attempt).generation = 0;  // Its plan is off: the tree lives until somebody ends it.
  tell_agent(attempt);
  return true;
}

Plan Machine::draw_plan(const model::AttemptSpec& spec) {
  Dice& dice = parts_.dice;
  Plan plan;
  const std::size_t thrown = dice.below(100);
  plan.end = thrown < 65   ? Plan::End::kSucceeds
             : thrown < 85 ? Plan::End::kFails
             : thrown < 95 ? Plan::End::kIsKilled
                           : Plan::End::kHangs;
  if (plan.end == Plan::End::kHangs && (parts_.faults.is_over() || spec.timeout.count() == 0)) {
    plan.end = Plan::End::kFails;
  }
  plan.exit_code = dice.chance(70) ? 1 : 2;
  plan.out_of_memory = dice.chance(20);
  plan.start_delay = dice.between(Milliseconds{5}, Milliseconds{200});
  plan.length = parts_.faults.is_over() || dice.chance(60)
                    ? dice.between(Milliseconds{10}, std::chrono::seconds(20))
                : dice.chance(80) ? dice.between(std::chrono::seconds(20), std::chrono::minutes(10))
                                  : dice.between(std::chrono::minutes(10), std::chrono::hours(1));
  plan.tree_delay =
      dice.chance(80) ? Milliseconds{1} : dice.between(Milliseconds{1}, std::chrono::seconds(5));
  plan.stop_delay = dice.between(Milliseconds{1}, std::chrono::seconds(6));
  plan.has_values = dice.chance(is_iteration(spec) ? 5 : 60);
  return plan;
}

void Machine::launch(const model::AttemptSpec& spec) {
  const std::uint64_t generation = next_generation_++;
  const AttemptId attempt = spec.attempt;
  const auto [place, is_new] = shims_.insert_or_assign(
      attempt, Shim{.spec = spec, .plan = draw_plan(spec), .generation = generation});
  parts_.timeline.after(place->second.plan.start_delay,
                        [this, attempt, generation] { begin(attempt, generation); });
}

Machine::Shim* Machine::find_shim(AttemptId attempt, std::uint64_t generation) {
  const auto found = shims_.find(attempt);
  const bool is_it = found != shims_.end() && found->second.generation == generation;
  return is_it ? &found->second : nullptr;
}

void Machine::begin(AttemptId attempt, std::uint64_t generation) {
  Shim* const shim = find_shim(attempt, generation);
  if (shim == nullptr) {
    return;
  }
  if (shim->is_stopping) {
    finish(attempt, {.end = AttemptEnd::kCancelled, .tree_empty = true});
    return;
  }
  const Process process{.machine = name_,
                        .run = shim->spec.run,
                        .task_key = shim->spec.task_key,
                        .attempt = attempt,
                        .fence = shim->spec.fence,
                        .gpus = shim->spec.gpus,
                        .started = parts_.timeline.now(),
                        .stream = shim->spec.stream};
  parts_.ledger.check_start(process, shim->spec);
  shim->process = parts_.truth.start(process);
  shim->has_started = true;
  trace(parts_.timeline.now(),
        name_,
        "attempt " + to_string(attempt) + " runs, fence " + std::to_string(shim->spec.fence));
  disk_[attempt].start = AttemptRecords::Start{
      .written = write(false), .boot = boot_, .started = clocks_.wall_time(parts_.timeline.now())};
  begin_stream(*shim);
  tell_agent(attempt);
  const Plan& plan = shim->plan;
  const Milliseconds timeout = shim->spec.timeout;
  const bool times_out =
      timeout.count() > 0 && (plan.end == Plan::End::kHangs || plan.length > timeout);
  model::AttemptOutcome outcome;
  if (times_out) {
    outcome.end = AttemptEnd::kTimedOut;
  } else if (plan.end == Plan::End::kIsKilled) {
    outcome = {.end = AttemptEnd::kSignalled, .signal = 9, .out_of_memory = plan.out_of_memory};
  } else {
    outcome = {.end = AttemptEnd::kExited,
               .exit_code = plan.end == Plan::End::kSucceeds ? 0 : plan.exit_code};
  }
  parts_.timeline.after(times_out ? timeout : plan.length, [this, attempt, generation, outcome] {
    exit_main(attempt, generation, outcome);
  });
}

void Machine::exit_main(AttemptId attempt,
                        std::uint64_t generation,
                        model::AttemptOutcome outcome) {
  Shim* const shim = find_shim(attempt, generation);
  if (shim == nullptr || shim->is_stopping) {
    return;
  }
  Process& process = parts_.truth.process(shim->process);
  process.end = outcome.end;
  if (outcome.end == AttemptEnd::kExited) {
    process.has_exited = true;
    process.exit_code = outcome.exit_code;
    if (outcome.exit_code == 0 && shim->plan.has_values) {
      process.values.push_back(
          {.key = "k",
           .json = "\"v-" + to_string(attempt) + "-" + std::to_string(shim->spec.fence) + "\""});
      process.values.push_back({.key = "list", .json = random_list(parts_.dice, attempt)});
    }
  }
  // The rest of the tree is ended with it; from here on an order to stop comes too late.
  shim->is_stopping = true;
  parts_.timeline.after(shim->plan.tree_delay, [this, attempt, generation, outcome] {
    if (find_shim(attempt, generation) != nullptr) {
      finish(attempt, outcome);
    }
  });
}

void Machine::finish(AttemptId attempt, model::AttemptOutcome outcome) {
  const Shim shim = shims_.at(attempt);
  trace(parts_.timeline.now(),
        name_,
        "attempt " + to_string(attempt) + " ends: " + std::string(model::to_string(outcome.end)));
  shims_.erase(attempt);
  AttemptRecords& records = disk_[attempt];
  std::vector<model::TaskValue> values;
  Milliseconds length{0};
  if (shim.has_started) {
    Process& process = parts_.truth.process(shim.process);
    process.is_alive = false;
    length = parts_.timeline.now() - process.started;
    if (outcome.end == AttemptEnd::kExited && outcome.exit_code == 0) {
      values = process.values;
    }
    if (records.start) {
      outcome.started = records.start->started;
    }
  }
  outcome.tree_empty = true;
  outcome.ended = clocks_.wall_time(parts_.timeline.now());
  const bool is_synced = length >= std::chrono::seconds(1) || !values.empty();
  records.exit = AttemptRecords::Exit{
      .written = write(is_synced), .outcome = std::move(outcome), .values = std::move(values)};
  tell_agent(attempt);
}

void Machine::request_stop(AttemptId attempt) {
  trace(parts_.timeline.now(), name_, "attempt " + to_string(attempt) + " is asked to stop");
  const auto found = shims_.find(attempt);
  if (found == shims_.end() || !found->second.is_alive || found->second.is_stopping) {
    return;
  }
  found->second.is_stopping = true;
  if (!found->second.has_started) {
    return;  // It will not begin.
  }
  const std::uint64_t generation = found->second.generation;
  parts_.timeline.after(found->second.plan.stop_delay, [this, attempt, generation] {
    if (find_shim(attempt, generation) != nullptr) {
      finish(attempt, {.end = AttemptEnd::kCancelled});
    }
  });
}

Machine::Standing Machine::standing(AttemptId attempt) const {
  const auto found = shims_.find(attempt);
  if (found != shims_.end()) {
    return found->second.is_alive ? Standing::kRunning : Standing::kShimDied;
  }
  const auto records = disk_.find(attempt);
  return records != disk_.end() && records->second.exit ? Standing::kEnded : Standing::kUnknown;
}

bool Machine::end_survivors(AttemptId attempt) {
  const auto found = shims_.find(attempt);
  if (found == shims_.end()) {
    return true;
  }
  const Shim shim = found->second;
  if (shim.has_started && parts_.truth.process(shim.process).is_alive && parts_.dice.chance(15)) {
    // Something that no signal ends yet: it goes by itself, later.
    parts_.timeline.after(
        parts_.dice.between(std::chrono::seconds(1), std::chrono::minutes(90)),
        [this, process = shim.process] { parts_.truth.process(process).is_alive = false; });
    return false;
  }
  if (shim.has_started) {
    parts_.truth.process(shim.process).is_alive = false;
  }
  shims_.erase(found);
  return true;
}

void Machine::tell_agent(AttemptId attempt) {
  parts_.timeline.after(Milliseconds{1}, [this, attempt] {
    if (!agent_) {
      return;
    }
    try {
      agent_->look_at(attempt);
    } catch (const AgentDied&) {
      kill_agent();
    }
  });
}

}  // namespace sheaf::sim
