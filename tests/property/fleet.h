// Workers as the core meets them: they take orders, run processes, lose frames, reboot, forget and
// come back. A model of the world, not of the agent: it holds what is physically true (which
// processes live), so that the promises can be judged by it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/property/dice.h"
#include "tests/support/core_world.h"

namespace sheaf::property {

/// An attempt on a machine. A process lives until it ends, also where its agent has forgotten it.
struct Process {
  enum class State { kPreparing, kRunning, kEnded };
  RunId run;
  std::string task_key;
  AttemptId attempt;
  std::uint64_t fence = 0;
  State state = State::kPreparing;
  Timestamp started = kNoTime;
  model::AttemptOutcome outcome;
};

/// Of every machine; random tasks ask for no more.
inline const model::WorkerResources kMachineResources{
    .cpu_millis = 2'000, .memory_bytes = 8, .gpus = {0, 2}};

struct Machine {
  std::string name;
  std::uint32_t slots = 1;
  int boots = 1;
  WorkerId id;
  bool is_in_session = false;
  std::map<AttemptId, Process> held;
  std::vector<Process> forgotten;  ///< Alive, but its agent lost every record of them.
  std::vector<core::StartAttempt> starts;
  std::vector<core::StopAttempt> stops;

  [[nodiscard]] std::string boot_id() const { return name + "-" + std::to_string(boots); }
};

class Fleet {
 public:
  /// `world` must outlive the fleet.
  Fleet(Dice& dice, tests::CoreWorld& world, std::size_t machines);

  /// Hands the core's orders to the machines in session; those to others are lost.
  void deliver();
  /// One machine does one thing that is not a fault.
  void work();
  /// One fault: a reboot, a lost record, a silence, a broken session, a late report.
  void fail();
  /// The scheduler was restarted: every session is over.
  void lose_sessions();
  /// P7: of a process that lives nothing is recorded but, at most, that its fate is unknown.
  void check_truth() const;
  /// Every machine is in session and says all that it knows, and every process comes to its end.
  void heal();

 private:
  void register_machine(Machine& machine);
  void obey_start(Machine& machine, const core::StartAttempt& order);
  void obey_stop(Machine& machine, const core::StopAttempt& order);
  void start_process(Machine& machine, Process& process);
  void end_process(Process& process, model::AttemptOutcome outcome) const;
  /// Reports the result; where the report arrives, the attempt is acknowledged and forgotten.
  void report_result(Machine& machine, AttemptId attempt);
  void work_on(Machine& machine, AttemptId attempt);
  void reboot(Machine& machine);
  void forget(Machine& machine);
  void silence(Machine& machine);
  void repeat_old_report();
  void check_overlap(const Machine& machine, const Process& starting) const;
  [[nodiscard]] model::AttemptOutcome random_outcome(const Process& process);
  void post(core::Command command);

  Dice& dice_;
  tests::CoreWorld& world_;
  std::vector<Machine> machines_;
  std::vector<core::Command> said_;  ///< Reports that may be heard again.
};

}  // namespace sheaf::property
