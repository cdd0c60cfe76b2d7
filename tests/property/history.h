// What must hold of the sequence of events and of the rows after every step, kept by a reader that
// shares nothing with the core but the records.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "tests/support/core_world.h"

namespace sheaf::property {

class History {
 public:
  /// Reads the events since the last call and looks at every run; reports what is broken through
  /// gtest.
  void follow(const tests::CoreWorld& world);

 private:
  void read(const core::Event& event);
  void run_started(RunId run);
  void run_over(RunId run);
  void check_terminal(const core::StoredRun& run);
  void check_slots(const core::State& state);

  std::size_t read_events_ = 0;
  std::map<RunId, JobId> job_of_;
  std::map<JobId, std::int64_t> limits_;
  std::map<JobId, std::set<RunId>> running_;
  std::map<JobId, std::deque<RunId>> queues_;
  std::set<std::pair<AttemptId, core::TaskRef>> ended_attempts_;
  std::map<RunId, core::StoredRun> terminal_;  ///< Runs as they were when they ended.
  std::map<core::TaskRef, core::TaskRow> terminal_tasks_;
  std::map<std::string, std::uint32_t> pool_usage_;  ///< After the step before.
};

/// Everything of `state` that a restart must bring back, compared piece by piece.
void expect_same_memory(const core::State& expected, const core::State& actual);

/// State as the events alone make it.
[[nodiscard]] core::State fold(const std::vector<core::Event>& events);

}  // namespace sheaf::property
