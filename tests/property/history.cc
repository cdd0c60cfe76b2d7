#include "tests/property/history.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sheaf::property {

using core::TaskIndex;

void History::follow(const tests::CoreWorld& world) {
  for (; read_events_ < world.events.size(); ++read_events_) {
    read(world.events[read_events_]);
  }
  for (const auto& [id, run] : world.stored_runs()) {
    check_terminal(run);
  }
  check_slots(world.state);
}

void History::read(const core::Event& event) {
  if (const auto* job = std::get_if<core::JobRecorded>(&event)) {
    limits_[job->job->id] = job->max_concurrent_runs;
  } else if (const auto* gone = std::get_if<core::JobRemoved>(&event)) {
    limits_[gone->job] = core::kMaxConcurrentRunsOfGoneJobs;
  } else if (const auto* submitted = std::get_if<core::RunSubmitted>(&event)) {
    job_of_[submitted->run->id] = submitted->run->job;
    queues_[submitted->run->job].push_back(submitted->run->id);
  } else if (const auto* started = std::get_if<core::RunStarted>(&event)) {
    run_started(started->run);
  } else if (const auto* finished = std::get_if<core::RunFinished>(&event)) {
    run_over(finished->run);
  } else if (const auto* ended = std::get_if<core::AttemptFinished>(&event)) {
    // Iterations of a stream share one.
    const core::TaskRef task{ended->run, ended->task};
    EXPECT_TRUE(ended_attempts_.emplace(ended->attempt.id, task).second)
        << "attempt " << ended->attempt.id.value << " has two outcomes";
  }
}

void History::run_started(RunId run) {
  const JobId job = job_of_.at(run);
  std::deque<RunId>& queue = queues_[job];
  ASSERT_FALSE(queue.empty());
  EXPECT_EQ(queue.front(), run) << "the queue is not first in, first out";
  std::erase(queue, run);
  running_[job].insert(run);
  EXPECT_LE(running_[job].size(), static_cast<std::size_t>(limits_.at(job)))
      << "more runs of a job than max_concurrent_runs";
}

void History::run_over(RunId run) {
  const JobId job = job_of_.at(run);
  std::erase(queues_[job], run);
  running_[job].erase(run);
}

void History::check_terminal(const core::StoredRun& run) {
  const RunId id = run.record.id;
  if (const auto known = terminal_.find(id); known != terminal_.end()) {
    EXPECT_EQ(known->second.record, run.record) << "a finished run changed";
    EXPECT_EQ(known->second.rows, run.rows) << "a finished run changed";
    EXPECT_EQ(known->second.details, run.details) << "a finished run changed";
    return;
  }
  for (TaskIndex task = 0; task < run.rows.size(); ++task) {
    if (is_terminal(run.rows[task].state)) {
      const auto [known, is_new] = terminal_tasks_.emplace(core::TaskRef{id, task}, run.rows[task]);
      EXPECT_EQ(known->second, run.rows[task]) << "a finished task changed";
    }
  }
  if (is_terminal(run.record.state)) {
    terminal_.emplace(id, run);
  }
}

void History::check_slots(const core::State& state) {
  for (const auto& [id, worker] : state.workers) {
    EXPECT_LE(worker.attempts.size(), worker.record.slots) << "more leases than slots";
    EXPECT_LE(worker.cpu_millis, worker.record.resources.cpu_millis) << "more cores than there are";
    EXPECT_TRUE(std::ranges::includes(worker.record.resources.gpus, worker.gpus))
        << "a device that is not there";
  }
  for (const auto& [name, used] : state.pool_usage) {
    // A limit may fall below what is under way; then nothing more starts.
    const auto pool = state.pools.find(name);
    const bool is_over = pool != state.pools.end() && used > pool->second.limit;
    EXPECT_FALSE(is_over && used > pool_usage_[name]) << "pool " << name << " overflows";
  }
  pool_usage_ = state.pool_usage;
}

core::State fold(const std::vector<core::Event>& events) {
  core::State state;
  for (const core::Event& event : events) {
    core::apply(state, event);
  }
  core::retire_finished(state);
  return state;
}

void expect_same_memory(const core::State& expected, const core::State& actual) {
  EXPECT_EQ(expected.next_id, actual.next_id);
  EXPECT_EQ(expected.epoch, actual.epoch);
  EXPECT_EQ(expected.schedules, actual.schedules);
  EXPECT_EQ(expected.pools, actual.pools);
  EXPECT_EQ(expected.pool_usage, actual.pool_usage);
  EXPECT_EQ(expected.deadlines, actual.deadlines);
  EXPECT_EQ(expected.attempts, actual.attempts);
  EXPECT_EQ(expected.workers_by_name, actual.workers_by_name);
  ASSERT_EQ(expected.runs.size(), actual.runs.size());
  for (const auto& [id, run] : expected.runs) {
    const core::LiveRun* other = actual.find_run(id);
    ASSERT_NE(other, nullptr);
    const core::StoredRun a = core::to_stored(*run);
    const core::StoredRun b = core::to_stored(*other);
    EXPECT_EQ(a.record, b.record);
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_EQ(a.details, b.details);
    EXPECT_EQ(run->unfinished_tasks, other->unfinished_tasks);
    EXPECT_EQ(run->value_count, other->value_count);
  }
  ASSERT_EQ(expected.workers.size(), actual.workers.size());
  for (const auto& [id, worker] : expected.workers) {
    EXPECT_EQ(worker.record, actual.workers.at(id).record);
    EXPECT_EQ(worker.attempts, actual.workers.at(id).attempts);
    EXPECT_EQ(worker.cpu_millis, actual.workers.at(id).cpu_millis);
    EXPECT_EQ(worker.gpus, actual.workers.at(id).gpus);
  }
  ASSERT_EQ(expected.jobs.size(), actual.jobs.size());
  for (const auto& [id, job] : expected.jobs) {
    EXPECT_EQ(job.running, actual.jobs.at(id).running);
    EXPECT_EQ(job.queued, actual.jobs.at(id).queued);
    EXPECT_EQ(job.max_concurrent_runs, actual.jobs.at(id).max_concurrent_runs);
  }
}

}  // namespace sheaf::property
