// A core with one run of one for-each task in mode stream, and the processes that it has started.
#pragma once

#include <algorithm>
#include <deque>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::TaskBuilder;

inline std::string numbers(int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(i);
  }
  return text + "]";
}

inline TaskBuilder an_inner() {
  return a_task("each").argument("x");
}

inline TaskBuilder a_stream(int count,
                            int concurrency,
                            const TaskBuilder& inner = an_inner(),
                            int chunk = limits::kDefaultStreamChunk) {
  return a_task("loop").for_each(numbers(count), inner, concurrency).stream(chunk);
}

/// A world with one run of one stream, and the processes that it has started.
struct StreamWorld : CoreWorld {
  explicit StreamWorld(const TaskBuilder& loop, std::uint32_t slots = 1) {
    register_worker("w", slots);
    id = submit(deploy(a_job("j").task(loop)));
  }

  StartAttempt next_process() {
    for (StartAttempt& start : take_starts()) {
      waiting.push_back(std::move(start));
    }
    EXPECT_FALSE(waiting.empty()) << "no process was started";
    StartAttempt first = waiting.front();
    waiting.pop_front();
    return first;
  }

  StartAttempt next_started() {
    StartAttempt process = next_process();
    turn(ReportStarted{.worker = process.worker,
                       .attempt = process.spec.attempt,
                       .fence = process.spec.fence,
                       .started = now});
    return process;
  }

  void report(const StartAttempt& process, std::vector<model::StreamOutcome> entries) {
    EXPECT_TRUE(turn(ReportOutcomes{.worker = process.worker,
                                    .attempt = process.spec.attempt,
                                    .fence = process.spec.fence,
                                    .is_ready = true,
                                    .entries = std::move(entries)}));
  }

  void report_all(const StartAttempt& process) {
    std::vector<model::StreamOutcome> entries;
    for (const model::StreamInput& input : process.spec.stream) {
      entries.push_back({.index = input.index, .is_success = true});
    }
    report(process, std::move(entries));
  }

  void end(const StartAttempt& process, model::AttemptOutcome outcome) {
    outcome.tree_empty = true;
    outcome.started = now;
    turn(ReportResult{.worker = process.worker,
                      .attempt = process.spec.attempt,
                      .fence = process.spec.fence,
                      .outcome = std::move(outcome)});
  }

  void exit(const StartAttempt& process, int code = 0) {
    end(process, {.end = AttemptEnd::kExited, .exit_code = code});
  }

  static HeldAttempt held_by(const StartAttempt& process) {
    return {.attempt = process.spec.attempt,
            .fence = process.spec.fence,
            .state = HeldAttempt::State::kRunning};
  }

  std::vector<TaskState> states() const { return iterations_of(id, "loop"); }
  TaskState state_at(std::uint32_t index) const { return iteration_row(id, "loop", index).state; }
  std::size_t count(TaskState wanted) const {
    return static_cast<std::size_t>(std::ranges::count(states(), wanted));
  }
  TaskDetails details_at(std::uint32_t index) const {
    const StoredRun& stored = stored_runs().at(id);
    const auto found = stored.details.find(stored.record.blocks[0].first + index);
    return found == stored.details.end() ? TaskDetails{} : found->second;
  }

  RunId id;
  std::deque<StartAttempt> waiting;
};

inline std::vector<std::uint32_t> indices(const StartAttempt& process) {
  std::vector<std::uint32_t> list;
  for (const model::StreamInput& input : process.spec.stream) {
    list.push_back(input.index);
  }
  return list;
}

inline std::vector<std::uint32_t> from_to(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> list(last - first + 1);
  std::iota(list.begin(), list.end(), first);
  return list;
}

}  // namespace sheaf::core
