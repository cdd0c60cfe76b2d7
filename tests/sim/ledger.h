// What is durably true, as the commits made it, and the promises that can be held against it at
// once: outcomes, final states, queues, slots, nominal times, deliveries, starts and cancels.
//
// Keeps a State of its own, folded from the events, for fold(events) == rows == memory.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/messages.h"
#include "scheduler/core/core.h"
#include "scheduler/store/store.h"
#include "tests/sim/delegation_judge.h"
#include "tests/sim/repair_judge.h"
#include "tests/sim/retry_judge.h"
#include "tests/sim/run_fact.h"
#include "tests/sim/stream_judge.h"
#include "tests/sim/texts.h"
#include "tests/sim/truth.h"
#include "tests/sim/usage_judge.h"

namespace sheaf::sim {

class Ledger {
 public:
  Ledger(const Timeline& timeline, const Truth& truth) : timeline_(timeline), truth_(truth) {}

  /// The batch is durable. `now` is the scheduler's wall clock, here and below.
  void record(const store::Batch& batch, std::uint64_t chain, Timestamp now);
  /// The scheduler died in its commit: it is durable or it is not.
  void hold(store::Batch batch, Timestamp now) {
    held_ = std::move(batch);
    held_at_ = now;
  }
  /// The scheduler opened the store again.
  void reopen(const store::Head& head);

  /// Memory as the events make it; see State.
  [[nodiscard]] const core::State& folded() const { return folded_; }

  /// P3, P5: a process starts now under this lease.
  void check_start(const Process& process, const model::AttemptSpec& spec) const;
  /// P1: somebody was told that the attempt's result is recorded.
  void check_acknowledged(AttemptId attempt, std::uint64_t fence) const;
  /// P1: a worker was told that outcomes of a stream are recorded, or tells a result behind them.
  void check_outcomes(const wire::Outcomes& outcomes) const;
  /// P1: the store has the run as it was when it ended.
  void check_stored(const store::RunView& run) const;
  /// P1: somebody was told of the run.
  void check_acknowledged(RunId run) const;

  // ---- What somebody is about to ask for.

  /// False: another repair of the run as it is was asked for before.
  bool expect_repair(const core::RepairRun& command) { return repairs_.ask(command); }
  void expect_cancel(RunId run, core::TaskIndex task) { runs_.at(run).cancels.insert(task); }
  /// The submission with this token wants to queue, or not to, whatever its job says.
  void expect_queue(const std::string& token, bool queues) { queue_wishes_[token] = queues; }

  [[nodiscard]] const RunFacts& runs() const { return runs_; }
  [[nodiscard]] std::size_t unfinished_runs() const { return unfinished_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t batches() const { return last_batch_; }
  [[nodiscard]] std::uint64_t chain() const { return chain_; }

 private:
  class Reader;

  struct JobFact {
    std::int64_t max_concurrent_runs = 1;
    std::set<RunId> running;
    std::deque<RunId> queued;
  };

  void check_rows(const store::Batch& batch);
  void finish_runs();
  void check_upstream(const RunFact& run, core::TaskIndex task) const;
  void check_arguments(const RunFact& run,
                       core::TaskIndex task,
                       const model::AttemptSpec& spec) const;
  void check_overlap(const Process& process) const;
  /// Rows that a process of the attempt works on, as far as the record says.
  [[nodiscard]] std::set<core::TaskRef> rows_of(AttemptId attempt) const;
  void check_devices(const Process& process) const;
  /// What the text must read as, by what recorded successes published; nullopt: it cannot.
  [[nodiscard]] std::optional<std::string> find_text(const RunFact& run,
                                                     core::TaskIndex task,
                                                     const std::string& text) const;
  [[nodiscard]] std::optional<std::string> find_value(const RunFact& run,
                                                      const Reference& reference) const;
  TaskFact& task(RunId run, core::TaskIndex task);
  void release(TaskFact& task);

  const Timeline& timeline_;
  const Truth& truth_;
  core::State folded_;
  std::optional<store::Batch> held_;
  Timestamp held_at_ = kNoTime;
  RunFacts runs_;
  DelegationJudge delegation_{runs_};
  RepairJudge repairs_;
  RetryJudge retries_{runs_};
  StreamJudge streams_{runs_, truth_};
  UsageJudge usage_{runs_};
  std::map<JobId, JobFact> jobs_;
  std::map<WorkerId, std::uint32_t> slots_;
  std::map<WorkerId, std::set<AttemptId>> on_worker_;
  std::set<AttemptId> ended_attempts_;
  /// Attempts that may live beside later ones of the row.
  std::set<std::pair<AttemptId, core::TaskRef>> overlaps_;
  std::set<std::pair<AttemptId, std::uint64_t>> leases_;
  std::set<std::pair<TriggerId, Timestamp>> nominal_times_;
  std::map<std::string, RunId> receipts_;
  std::map<core::TaskRef, core::TaskRow> final_rows_;
  std::map<AttemptId, core::TaskRef> tasks_of_attempts_;
  std::map<core::TaskRef, std::vector<model::TaskValue>> values_;
  std::vector<RunId> ended_runs_;             ///< In the batch that is being recorded.
  std::vector<RunId> to_skip_;                ///< Submitted in it without a place.
  std::map<std::string, bool> queue_wishes_;  ///< By idempotency token.
  std::size_t unfinished_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t last_batch_ = 0;
  std::uint64_t chain_ = 0;
};

/// Violation unless both are the same, live runs and every index.
void check_same_memory(const core::State& expected, const core::State& actual);

}  // namespace sheaf::sim
