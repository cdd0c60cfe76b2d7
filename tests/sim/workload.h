// The clients: they deploy jobs and change them while they run, submit runs with tokens and by
// hooks, repeat what is not answered, cancel, repair and delete. A new command gets an operation
// (operations.cc).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/random_job.h"
#include "tests/sim/scheduler_host.h"

namespace sheaf::sim {

class Workload {
 public:
  struct Parts {
    Timeline& timeline;
    Faults& faults;
    Ledger& ledger;
    SchedulerHost& scheduler;
    Dice dice;
  };
  explicit Workload(Parts parts) : parts_(std::move(parts)), has_circles_(parts_.dice.chance(40)) {}

  /// Work comes in until enough tasks were asked for.
  void begin();
  /// No more work; nothing starts by itself from now on.
  void end();

  /// Tasks of the runs that were not skipped.
  [[nodiscard]] std::size_t tasks() const;
  /// Nobody waits for an answer.
  [[nodiscard]] bool is_settled() const { return open_requests_ == 0; }
  /// P1: every run that was ever answered is there.
  void check_answers() const;

 private:
  /// A request that is repeated until it is answered.
  struct Request {
    core::Command command;
    std::string key;  ///< Receipt key of a submission; empty: none.
    bool is_answered = false;
    bool ends_with_storm = false;  ///< Then nobody repeats it.
    std::uint64_t tries = 0;
  };

  using Operation = void (Workload::*)();

  void deploy(Season season);
  void redeploy();
  void submit();
  void submit_once();
  void cancel();
  void cancel_task();
  void cancel_all();
  void repair();
  void remove();
  void change_pool();
  /// What waits at a pool of 0 goes on, or its run is cancelled.
  void end_pauses();
  void cancel_paused();

  void act();
  [[nodiscard]] Operation pick_operation();
  [[nodiscard]] core::DeployedJob random_document(const JobPlan& plan);
  /// A random run that is over, or is not; an invalid id: there is none.
  [[nodiscard]] RunId pick_run(bool is_over);
  void ask(core::Command command, std::string key);
  void send(const std::shared_ptr<Request>& request);
  void answer(Request& request, const engine::Outcome& outcome);
  void take_jobs(const core::DeployReply& reply);

  Parts parts_;
  bool has_circles_;  ///< Jobs may start each other, and themselves.
  std::vector<JobId> jobs_;
  std::map<std::string, RunId> answered_;
  std::size_t open_requests_ = 0;
  std::uint64_t next_key_ = 1;
  bool is_over_ = false;
};

}  // namespace sheaf::sim
