#include "tests/property/fleet.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace sheaf::property {
namespace {

using core::HeldAttempt;
using model::AttemptEnd;
using model::AttemptOutcome;

HeldAttempt::State held_state(Process::State state) {
  switch (state) {
    case Process::State::kPreparing:
      return HeldAttempt::State::kPreparing;
    case Process::State::kRunning:
      return HeldAttempt::State::kRunning;
    case Process::State::kEnded:
      break;
  }
  return HeldAttempt::State::kFinished;
}

std::size_t active_count(const Machine& machine) {
  return static_cast<std::size_t>(std::ranges::count_if(machine.held, [](const auto& entry) {
    return entry.second.state != Process::State::kEnded;
  }));
}

/// Whether the core gave `attempt` up although it might live, and says so.
bool is_overlap_recorded(const core::TaskDetails& details, AttemptId attempt) {
  return std::ranges::any_of(details.attempts, [attempt](const core::AttemptRecord& record) {
    return record.id == attempt && record.overlap_possible;
  });
}

}  // namespace

Fleet::Fleet(Dice& dice, tests::CoreWorld& world, std::size_t machines)
    : dice_(dice), world_(world) {
  for (std::size_t i = 0; i < machines; ++i) {
    machines_.push_back(
        {.name = "w" + std::to_string(i), .slots = static_cast<std::uint32_t>(1 + dice.below(3))});
  }
}

void Fleet::deliver() {
  for (core::StartAttempt& order : world_.take_starts()) {
    for (Machine& machine : machines_) {
      if (machine.id == order.worker && machine.is_in_session) {
        machine.starts.push_back(std::move(order));
        break;
      }
    }
  }
  for (const core::StopAttempt& order : world_.take_stops()) {
    for (Machine& machine : machines_) {
      if (machine.id == order.worker && machine.is_in_session) {
        machine.stops.push_back(order);
      }
    }
  }
}

void Fleet::work() {
  Machine& machine = machines_[dice_.below(machines_.size())];
  if (!machine.is_in_session) {
    register_machine(machine);
  } else if (!machine.starts.empty()) {
    const core::StartAttempt order = machine.starts.front();
    machine.starts.erase(machine.starts.begin());
    obey_start(machine, order);
  } else if (!machine.stops.empty()) {
    const core::StopAttempt order = machine.stops.front();
    machine.stops.erase(machine.stops.begin());
    obey_stop(machine, order);
  } else if (!machine.held.empty()) {
    work_on(machine,
            std::next(machine.held.begin(),
                      static_cast<std::ptrdiff_t>(dice_.below(machine.held.size())))
                ->first);
  }
}

void Fleet::work_on(Machine& machine, AttemptId attempt) {
  Process& process = machine.held.at(attempt);
  switch (process.state) {
    case Process::State::kPreparing:
      if (dice_.chance(10)) {
        end_process(process, {.end = AttemptEnd::kNotStarted, .message = "no environment"});
        report_result(machine, attempt);
      } else {
        start_process(machine, process);
      }
      return;
    case Process::State::kRunning:
      end_process(process, random_outcome(process));
      report_result(machine, attempt);
      return;
    case Process::State::kEnded:
      report_result(machine, attempt);
      return;
  }
}

void Fleet::fail() {
  Machine& machine = machines_[dice_.below(machines_.size())];
  switch (dice_.below(5)) {
    case 0:
      reboot(machine);
      return;
    case 1:
      forget(machine);
      return;
    case 2:
      silence(machine);
      return;
    case 3:
      machine.is_in_session = false;
      machine.starts.clear();
      machine.stops.clear();
      return;
    case 4:
      repeat_old_report();
      return;
    default:
      return;
  }
}

void Fleet::lose_sessions() {
  for (Machine& machine : machines_) {
    machine.is_in_session = false;
    machine.starts.clear();
    machine.stops.clear();
  }
}

void Fleet::heal() {
  for (Machine& machine : machines_) {
    machine.forgotten.clear();
    if (!machine.is_in_session) {
      register_machine(machine);
    } else if (world_.state.workers.at(machine.id).suspect) {
      static_cast<void>(world_.turn(core::ReportSilence{
          .worker = machine.id, .verdict = core::ReportSilence::Verdict::kHeardAgain}));
    }
    deliver();
    while (!machine.starts.empty() || !machine.stops.empty()) {
      for (const core::StartAttempt& order : std::exchange(machine.starts, {})) {
        obey_start(machine, order);
      }
      for (const core::StopAttempt& order : std::exchange(machine.stops, {})) {
        obey_stop(machine, order);
      }
      deliver();
    }
    std::vector<AttemptId> attempts;
    for (const auto& [attempt, process] : machine.held) {
      attempts.push_back(attempt);
    }
    for (const AttemptId attempt : attempts) {
      work_on(machine, attempt);
    }
  }
}

void Fleet::check_truth() const {
  for (const Machine& machine : machines_) {
    std::vector<Process> processes = machine.forgotten;
    for (const auto& [attempt, process] : machine.held) {
      processes.push_back(process);
    }
    for (const Process& process : processes) {
      if (process.state != Process::State::kRunning) {
        continue;
      }
      for (const auto& record : world_.details_of(process.run, process.task_key).attempts) {
        EXPECT_TRUE(record.id != process.attempt ||
                    (record.outcome.end == AttemptEnd::kLost && !record.outcome.tree_empty))
            << "attempt " << process.attempt.value << " is called over and lives";
      }
    }
  }
}

void Fleet::register_machine(Machine& machine) {
  std::vector<HeldAttempt> held;
  for (const auto& [attempt, process] : machine.held) {
    held.push_back(
        {.attempt = attempt, .fence = process.fence, .state = held_state(process.state)});
  }
  deliver();  // What was ordered until now belongs to the session that ends here.
  machine.starts.clear();
  machine.stops.clear();
  const auto reply = world_.register_worker({.name = machine.name,
                                             .boot_id = machine.boot_id(),
                                             .version = "test",
                                             .slots = machine.slots,
                                             .labels = {"disk"},
                                             .attempts = std::move(held),
                                             .resources = kMachineResources});
  machine.id = reply.worker;
  machine.is_in_session = true;
  for (const auto& gone : {reply.kill, reply.forget}) {
    for (const AttemptId attempt : gone) {
      EXPECT_EQ(machine.held.erase(attempt), 1U) << "a worker was told to drop what it never had";
    }
  }
}

void Fleet::obey_start(Machine& machine, const core::StartAttempt& order) {
  const auto found = machine.held.find(order.spec.attempt);
  const bool is_repeat = found != machine.held.end() && found->second.fence == order.spec.fence;
  if (is_repeat) {
    return;
  }
  if (found != machine.held.end() || active_count(machine) >= machine.slots || dice_.chance(5)) {
    post(core::ReportRejected{.worker = machine.id,
                              .attempt = order.spec.attempt,
                              .fence = order.spec.fence,
                              .reason = "no free slot"});
    return;
  }
  machine.held[order.spec.attempt] = {.run = order.spec.run,
                                      .task_key = order.spec.task_key,
                                      .attempt = order.spec.attempt,
                                      .fence = order.spec.fence};
}

void Fleet::obey_stop(Machine& machine, const core::StopAttempt& order) {
  const auto found = machine.held.find(order.attempt);
  if (found == machine.held.end() || found->second.fence != order.fence) {
    post(core::ReportResult{.worker = machine.id,
                            .attempt = order.attempt,
                            .fence = order.fence,
                            .outcome = {.end = AttemptEnd::kCancelled, .tree_empty = true}});
    return;
  }
  if (found->second.state != Process::State::kEnded) {
    end_process(found->second, {.end = AttemptEnd::kCancelled});
  }
  report_result(machine, order.attempt);
}

void Fleet::start_process(Machine& machine, Process& process) {
  check_overlap(machine, process);
  process.state = Process::State::kRunning;
  process.started = world_.now;
  if (!machine.is_in_session || dice_.chance(10)) {
    return;  // STARTED is lost; the result tells it, too.
  }
  post(core::ReportStarted{.worker = machine.id,
                           .attempt = process.attempt,
                           .fence = process.fence,
                           .started = process.started});
}

void Fleet::check_overlap(const Machine& machine, const Process& starting) const {
  for (const Machine& other : machines_) {
    std::vector<Process> alive = other.forgotten;
    for (const auto& [attempt, process] : other.held) {
      alive.push_back(process);
    }
    for (const Process& process : alive) {
      const bool is_other = process.attempt != starting.attempt || &other != &machine ||
                            process.fence != starting.fence;
      if (is_other && process.state == Process::State::kRunning && process.run == starting.run &&
          process.task_key == starting.task_key) {
        EXPECT_TRUE(
            is_overlap_recorded(world_.details_of(process.run, process.task_key), process.attempt))
            << "two live attempts of " << process.task_key << ", " << process.attempt.value
            << " and " << starting.attempt.value;
      }
    }
  }
}

void Fleet::end_process(Process& process, AttemptOutcome outcome) const {
  process.outcome = std::move(outcome);
  process.outcome.tree_empty =
      process.outcome.end != AttemptEnd::kLost || process.outcome.tree_empty;
  process.outcome.started = process.started;
  process.outcome.ended = world_.now;
  process.state = Process::State::kEnded;
}

AttemptOutcome Fleet::random_outcome(const Process& process) {
  const std::size_t thrown = dice_.below(100);
  if (thrown < 60) {
    return {.end = AttemptEnd::kExited, .exit_code = 0};
  }
  if (thrown < 80) {
    return {.end = AttemptEnd::kExited, .exit_code = 1};
  }
  if (thrown < 90) {
    return {.end = AttemptEnd::kSignalled, .signal = 9};
  }
  if (thrown < 95) {
    return {.end = AttemptEnd::kTimedOut};
  }
  return {.end = AttemptEnd::kLost, .tree_empty = process.attempt.value % 2 == 0};
}

void Fleet::report_result(Machine& machine, AttemptId attempt) {
  if (!machine.is_in_session || dice_.chance(10)) {
    return;
  }
  const Process& process = machine.held.at(attempt);
  post(core::ReportResult{.worker = machine.id,
                          .attempt = attempt,
                          .fence = process.fence,
                          .outcome = process.outcome});
  if (!dice_.chance(10)) {
    machine.held.erase(attempt);
  }
}

void Fleet::reboot(Machine& machine) {
  ++machine.boots;
  machine.is_in_session = false;
  machine.starts.clear();
  machine.stops.clear();
  machine.forgotten.clear();
  if (dice_.chance(30)) {
    machine.held.clear();
  }
  for (auto& [attempt, process] : machine.held) {
    if (process.state == Process::State::kRunning) {
      end_process(process, {.end = AttemptEnd::kLost, .tree_empty = true});
    }
  }
}

void Fleet::forget(Machine& machine) {
  machine.is_in_session = false;
  machine.starts.clear();
  machine.stops.clear();
  for (auto& [attempt, process] : std::exchange(machine.held, {})) {
    const bool is_reported = std::ranges::any_of(said_, [&](const core::Command& command) {
      const auto* started = std::get_if<core::ReportStarted>(&command);
      return started != nullptr && started->attempt == attempt && started->fence == process.fence;
    });
    // A worker may lose what it has said of an attempt, never what it has not: then nobody could
    // know of the process.
    if (process.state != Process::State::kRunning || is_reported) {
      machine.forgotten.push_back(process);
    } else {
      machine.held.emplace(attempt, process);
    }
  }
}

void Fleet::silence(Machine& machine) {
  using Verdict = core::ReportSilence::Verdict;
  if (!machine.id.is_valid()) {
    return;
  }
  const Verdict verdict = dice_.pick(
      std::vector{Verdict::kSuspect, Verdict::kSuspect, Verdict::kHeardAgain, Verdict::kLeaseOver});
  const bool is_over = verdict == Verdict::kLeaseOver;
  if (is_over) {
    machine.is_in_session = false;
    machine.starts.clear();
    machine.stops.clear();
  } else if (!machine.is_in_session) {
    return;
  }
  static_cast<void>(world_.turn(core::ReportSilence{.worker = machine.id, .verdict = verdict}));
}

void Fleet::repeat_old_report() {
  if (said_.empty()) {
    return;
  }
  const core::Command& report = dice_.pick(said_);
  if (const auto* started = std::get_if<core::ReportStarted>(&report)) {
    // STARTED is repeated only while the attempt runs; frames do not overtake each other.
    const bool may_come = std::ranges::any_of(machines_, [&](const Machine& machine) {
      const auto found = machine.held.find(started->attempt);
      return found != machine.held.end() && machine.id == started->worker &&
             found->second.fence == started->fence &&
             found->second.state == Process::State::kRunning;
    });
    if (!may_come) {
      return;
    }
  }
  static_cast<void>(world_.turn(report));
}

void Fleet::post(core::Command command) {
  said_.push_back(command);
  static_cast<void>(world_.turn(command));
}

}  // namespace sheaf::property
