#include "tests/sim/story.h"

#include <functional>
#include <memory>
#include <vector>

#include "tests/sim/bus.h"
#include "tests/sim/ledger.h"
#include "tests/sim/machine.h"
#include "tests/sim/scheduler_host.h"
#include "tests/sim/violation.h"
#include "tests/sim/workload.h"

namespace sheaf::sim {
namespace {

constexpr std::size_t kLeastTasks = 100;
constexpr std::uint64_t kLeastCrashes = 1;
constexpr std::uint64_t kLeastOtherFaults = 10;
/// Longer than a run may wait in a queue.
constexpr std::chrono::hours kLongestQuiet{60};

class Story {
 public:
  Story(std::uint64_t seed, const std::filesystem::path& folder)
      : dice_(seed),
        faults_(dice_.split()),
        ledger_(timeline_, truth_),
        bus_(timeline_, faults_, dice_.split()),
        scheduler_({.timeline = timeline_,
                    .faults = faults_,
                    .ledger = ledger_,
                    .bus = bus_,
                    .dice = dice_.split(),
                    .folder = folder}),
        workload_({.timeline = timeline_,
                   .faults = faults_,
                   .ledger = ledger_,
                   .scheduler = scheduler_,
                   .dice = dice_.split()}) {
    const std::size_t machines = 1 + dice_.below(4);
    for (std::size_t index = 0; index < machines; ++index) {
      machines_.push_back(std::make_unique<Machine>(
          Machine::Parts{.timeline = timeline_,
                         .faults = faults_,
                         .truth = truth_,
                         .ledger = ledger_,
                         .bus = bus_,
                         .dice = dice_.split()},
          "w" + std::to_string(index),
          index == 0 ? Machine::Equipment::kEverything : Machine::Equipment::kRandom));
    }
    bus_.connect([this](const std::string& worker,
                        std::string frame) { scheduler_.receive(worker, std::move(frame)); },
                 [this](const std::string& worker, const std::string& frame) {
                   find(worker).receive(frame);
                 });
  }

  void play() {
    scheduler_.start();
    for (const auto& machine : machines_) {
      machine->start_agent();
    }
    workload_.begin();
    plan_faults();
    while (!is_storm_over()) {
      step();
    }
    calm();
    check_end();
  }

  void tell(Told& told) const {
    told.faults = faults_.counts();
    told.crashes = faults_.crashes();
    told.other_faults = faults_.others();
    told.runs = ledger_.runs().size();
    told.tasks = workload_.tasks();
    told.processes = truth_.processes().size();
    told.events = ledger_.events();
    told.batches = ledger_.batches();
    told.frames = bus_.frames();
    told.scheduler_starts = scheduler_.starts();
    told.virtual_seconds = static_cast<std::uint64_t>(timeline_.now().count() / 1'000);
    told.hash = ledger_.chain() ^ (timeline_.steps() * 0x9E37'79B9'7F4A'7C15u) ^
                static_cast<std::uint64_t>(timeline_.now().count());
  }

 private:
  void step() {
    if (!timeline_.step()) {
      violate("P4", "nothing happens any more");
    }
  }

  Machine& find(const std::string& name) {
    for (const auto& machine : machines_) {
      if (machine->name() == name) {
        return *machine;
      }
    }
    violate("simulator", "a frame for nobody");
  }
  Machine& any_machine() { return *machines_[dice_.below(machines_.size())]; }

  // ---- The storm.

  void repeat(Fault fault, const std::function<bool()>& strike) {
    const auto pause = faults_.next_pause(fault);
    if (!pause) {
      return;
    }
    timeline_.after(*pause, [this, fault, strike] {
      if (!faults_.is_over() && strike()) {
        faults_.count(fault);
      }
      repeat(fault, strike);
    });
  }

  /// The fault strikes the scheduler, if it is up.
  void repeat_on_scheduler(Fault fault, void (SchedulerHost::*strike)(Death), Death death) {
    repeat(fault, [this, strike, death] {
      const bool is_up = scheduler_.is_up();
      (scheduler_.*strike)(death);
      return is_up;
    });
  }

  void plan_faults() {
    repeat_on_scheduler(Fault::kSchedulerKilled, &SchedulerHost::die, Death::kProcess);
    repeat_on_scheduler(Fault::kSchedulerPowerLost, &SchedulerHost::die, Death::kPower);
    repeat(Fault::kSchedulerKilledInCommit, [this] {
      scheduler_.die_in_commit(dice_.chance(50) ? Death::kProcess : Death::kPower);
      return scheduler_.is_up();
    });
    repeat(Fault::kSchedulerKilledInRelease, [this] {
      scheduler_.die_in_release(dice_.chance(50) ? Death::kProcess : Death::kPower);
      return scheduler_.is_up();
    });
    repeat(Fault::kSchedulerRestarted, [this] {
      const bool is_up = scheduler_.is_up();
      scheduler_.restart();
      return is_up;
    });
    plan_faults_of_workers();
    plan_least_faults();
  }

  void plan_faults_of_workers() {
    repeat(Fault::kPartition, [this] {
      bus_.cut(any_machine().name());
      return true;
    });
    repeat(Fault::kAgentKilled, [this] {
      any_machine().kill_agent();
      return true;
    });
    repeat(Fault::kAgentKilledBetweenActions, [this] {
      any_machine().kill_agent_between_actions();
      return true;
    });
    repeat(Fault::kMachineRebooted, [this] {
      any_machine().reboot(Machine::Reboot::kOrderly);
      return true;
    });
    repeat(Fault::kMachinePowerLost, [this] {
      any_machine().reboot(Machine::Reboot::kPowerLost);
      return true;
    });
    repeat(Fault::kShimKilled, [this] { return any_machine().kill_a_shim(); });
    repeat(Fault::kSchedulerClockJump, [this] {
      scheduler_.jump_clock(random_jump());
      return true;
    });
    repeat(Fault::kWorkerClockJump, [this] {
      any_machine().jump_clock(random_jump());
      return true;
    });
  }

  /// Whatever the seed drew: every story has its crash and its cuts.
  void plan_least_faults() {
    timeline_.after(dice_.between(std::chrono::minutes(2), std::chrono::minutes(20)), [this] {
      if (scheduler_.is_up()) {
        faults_.count(Fault::kSchedulerKilled);
        scheduler_.die(Death::kProcess);
      }
    });
    timeline_.after(std::chrono::minutes(30), [this] { strike_until_enough(); });
  }

  void strike_until_enough() {
    if (faults_.is_over() || faults_.others() >= kLeastOtherFaults) {
      return;
    }
    faults_.count(Fault::kPartition);
    bus_.cut(any_machine().name());
    timeline_.after(std::chrono::minutes(1), [this] { strike_until_enough(); });
  }

  Milliseconds random_jump() {
    const Milliseconds length = dice_.chance(70)
                                    ? dice_.between(Milliseconds{1}, std::chrono::minutes(1))
                                    : dice_.between(std::chrono::minutes(1), std::chrono::hours(3));
    return dice_.chance(50) ? length : -length;
  }

  [[nodiscard]] bool is_storm_over() const {
    return timeline_.now() >= std::chrono::minutes(25) && workload_.tasks() >= kLeastTasks &&
           faults_.crashes() >= kLeastCrashes && faults_.others() >= kLeastOtherFaults;
  }

  // ---- The quiet.

  void calm() {
    faults_.end();
    bus_.heal();
    workload_.end();
    const Milliseconds begin = timeline_.now();
    while (ledger_.unfinished_runs() > 0 || !workload_.is_settled() || !scheduler_.is_up()) {
      step();
      if (timeline_.now() - begin > kLongestQuiet) {
        violate("P4",
                std::to_string(ledger_.unfinished_runs()) + " runs never end, one of them is " +
                    first_unfinished());
      }
    }
  }

  /// The run and those of its tasks that something is still to be done for.
  [[nodiscard]] std::string first_unfinished() const {
    for (const auto& [id, run] : ledger_.runs()) {
      if (run.is_over) {
        continue;
      }
      std::string text = to_string(id);
      const core::LiveRun& live = *ledger_.folded().find_run(id);
      for (core::TaskIndex task = 0; task < live.record.task_count; ++task) {
        const model::TaskState state = live.tasks.state[task];
        if (!is_terminal(state) && state != model::TaskState::kBlocked) {
          const model::TaskSettings& settings = live.task_settings(task);
          text += ", task " + std::to_string(task) + " " + std::string(to_string(state)) +
                  (settings.pool.empty() ? "" : " in pool " + settings.pool);
        }
      }
      return text;
    }
    return "none";
  }

  void check_end() {
    scheduler_.check_memory();
    scheduler_.check_store();
    workload_.check_answers();
    const auto reader = scheduler_.store().read();
    for (const auto& [id, fact] : ledger_.runs()) {
      const auto run = reader->run(id);
      if (fact.is_deleted) {
        if (!run || run->has_value()) {
          violate("delete", "run " + to_string(id) + " is deleted and still in the store");
        }
        continue;
      }
      if (!run || !run->has_value()) {
        violate("P1", "run " + to_string(id) + " is not in the store");
      }
      ledger_.check_stored(**run);
    }
  }

  Dice dice_;
  Timeline timeline_;
  Faults faults_;
  Truth truth_;
  Ledger ledger_;
  Bus bus_;
  SchedulerHost scheduler_;
  Workload workload_;
  std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace

Told tell(std::uint64_t seed, const std::filesystem::path& folder) {
  Told told;
  Story story(seed, folder);
  try {
    story.play();
  } catch (const Violation& violation) {
    told.violation = violation.what();
  }
  story.tell(told);
  return told;
}

}  // namespace sheaf::sim
