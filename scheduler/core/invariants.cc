#include "common/base/check.h"
#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"
#include "scheduler/core/streams.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

void check_dependencies(const LiveRun& run) {
  std::vector<DependencyCounts> expected(run.record.graph_size);
  std::uint32_t unfinished = 0;
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    expected[task].open += run.graph.dependency_count(task);
  }
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    if (!is_terminal(run.tasks.state[task])) {
      ++unfinished;
      continue;
    }
    for (const Edge& edge : run.graph.dependents(task)) {
      DependencyCounts& counts = expected[edge.target];
      --counts.open;
      const DependencyClass kind = classify(run, task, edge.outcome);
      counts.succeeded += kind == DependencyClass::kSucceeded ? 1 : 0;
      counts.failed += kind == DependencyClass::kFailed ? 1 : 0;
    }
  }
  SHEAF_CHECK(unfinished == run.unfinished_tasks, "unfinished tasks are miscounted");
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    const DependencyCounts& have = run.dependencies[task];
    SHEAF_CHECK(have.open == expected[task].open, "open dependencies are miscounted");
    SHEAF_CHECK(have.succeeded == expected[task].succeeded, "successes are miscounted");
    SHEAF_CHECK(have.failed == expected[task].failed, "failures are miscounted");
    const bool has_begun = run.tasks.state[task] != TaskState::kBlocked;
    const bool was_stopped = run.record.stop_reason != StopReason::kNone ||
                             run.record.state == RunState::kCancelled ||
                             run.record.state == RunState::kSkipped;
    // A user may cancel a task that waits; a repair keeps results whose dependencies run again.
    const bool is_exempt = run.tasks.state[task] == TaskState::kCancelled ||
                           (is_terminal(run.tasks.state[task]) && !run.record.repairs.empty());
    SHEAF_CHECK(!has_begun || have.open == 0 || was_stopped || is_exempt,
                "a task began before its dependencies");
  }
}

void check_streams(const LiveRun& run, std::uint32_t index) {
  const IterationBlock& block = run.record.blocks[index];
  const LiveBlock& live = run.blocks[index];
  for (const std::uint32_t i : live.returned) {
    SHEAF_CHECK(i < live.next && run.tasks.state[block.first + i] == TaskState::kBlocked,
                "an iteration that returned does not wait");
  }
  std::uint32_t streaming = 0;
  for (const auto& [holder, others] : live.streams) {
    SHEAF_CHECK(is_active(run.tasks.state[holder]), "a stream without an attempt");
    streaming += row_count(streamed_rows(run, holder));
  }
  for (TaskIndex row = block.first; row < block.first + block.count; ++row) {
    streaming -= run.tasks.state[row] == TaskState::kStreaming ? 1 : 0;
  }
  SHEAF_CHECK(streaming == 0, "an iteration is in no stream, or in two");
}

void check_blocks(const LiveRun& run) {
  SHEAF_CHECK(run.blocks.size() == run.record.blocks.size(), "a block is half there");
  TaskIndex end = run.record.graph_size;
  for (std::uint32_t index = 0; index < run.blocks.size(); ++index) {
    const IterationBlock& block = run.record.blocks[index];
    SHEAF_CHECK(block.first == end, "iterations stand in gaps");
    end = block.first + block.count;
    const LiveBlock& have = run.blocks[index];
    LiveBlock expected{.next = block.count};
    for (std::uint32_t i = block.count; i-- > 0;) {
      const TaskState state = run.tasks.state[block.first + i];
      expected.unfinished += is_terminal(state) ? 0 : 1;
      expected.active += takes_place(have, state) ? 1 : 0;
      const bool is_next = state == TaskState::kBlocked && !have.returned.contains(i);
      expected.next = is_next ? i : expected.next;
    }
    check_streams(run, index);
    SHEAF_CHECK(have.unfinished == expected.unfinished, "unfinished iterations are miscounted");
    SHEAF_CHECK(have.active == expected.active, "active iterations are miscounted");
    SHEAF_CHECK(have.next == expected.next, "the next iteration is not the first that waits");
    const bool is_delegated = run.tasks.state[block.parent] == TaskState::kDelegated;
    SHEAF_CHECK(have.active == 0 || is_delegated, "iterations run without their task");
  }
  SHEAF_CHECK(end == run.record.task_count, "a row belongs to nobody");
}

void check_values(const LiveRun& run) {
  std::size_t count = 0;
  for (const auto& [task, details] : run.details) {
    count += details.values.size() + details.staged.size();
  }
  SHEAF_CHECK(count == run.value_count, "task values are miscounted");
}

void check_attempts(const State& state, const LiveRun& run) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    const TaskRef here{run.record.id, task};
    const AttemptId attempt = run.tasks.attempt[task];
    const auto bound = state.attempts.find(attempt);
    const bool is_bound = bound != state.attempts.end() && bound->second == here;
    SHEAF_CHECK(is_bound == is_active(run.tasks.state[task]), "the attempt index is wrong");
    if (is_bound) {
      const auto worker = state.workers.find(run.tasks.worker[task]);
      SHEAF_CHECK(worker != state.workers.end() && worker->second.attempts.contains(attempt),
                  "an active attempt is on no worker");
    }
    const Timestamp deadline = run.tasks.deadline[task];
    SHEAF_CHECK(deadline == kNoTime || state.deadlines.contains({deadline, here}),
                "a deadline is not in the index");
    SHEAF_CHECK(run.tasks.state[task] != TaskState::kWaitingRetry || deadline != kNoTime,
                "a task waits for ever");
    const bool may_have_deadline = is_active(run.tasks.state[task]) ||
                                   run.tasks.state[task] == TaskState::kWaitingRetry ||
                                   run.tasks.state[task] == TaskState::kDelegated;
    SHEAF_CHECK(may_have_deadline || deadline == kNoTime, "a deadline of a task that has none");
    SHEAF_CHECK(run.record.state == RunState::kRunning || run.record.state == RunState::kStopping ||
                    run.tasks.state[task] == TaskState::kBlocked ||
                    is_terminal(run.tasks.state[task]),
                "a task is under way in a run that is not");
  }
}

}  // namespace

void check_invariants(const State& state) {
  std::size_t held = 0;
  for (const auto& [id, worker] : state.workers) {
    held += worker.attempts.size();
  }
  SHEAF_CHECK(held == state.attempts.size(), "workers hold attempts that nobody knows");
  for (const auto& [id, run] : state.runs) {
    check_dependencies(*run);
    check_attempts(state, *run);
    check_values(*run);
    check_blocks(*run);
  }
  for (const Deadline& deadline : state.deadlines) {
    const LiveRun* run = state.find_run(deadline.what.run);
    SHEAF_CHECK(run != nullptr, "a deadline of a run that is not live");
    const Timestamp stored = deadline.what.task == kRunItself
                                 ? run->record.deadline
                                 : run->tasks.deadline[deadline.what.task];
    SHEAF_CHECK(stored == deadline.at, "the deadline index is stale");
  }
  check_usage(state);
  for (const auto& [id, job] : state.jobs) {
    for (const RunId run : job.queued) {
      const LiveRun* queued = state.find_run(run);
      SHEAF_CHECK(queued != nullptr && queued->record.state == RunState::kQueued,
                  "the queue holds a run that is not queued");
    }
  }
}

}  // namespace sheaf::core
