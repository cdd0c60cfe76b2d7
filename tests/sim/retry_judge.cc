#include "tests/sim/retry_judge.h"

#include <algorithm>
#include <variant>

#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

/// Between two runs that a run-job task starts.
constexpr std::chrono::seconds kLeastPauseOfRuns{1};

/// The longest pause that the documentation of back-off allows before the n-th repeat.
Milliseconds longest_backoff(const model::BackoffSettings& settings, std::uint32_t repeat) {
  const Milliseconds longest = std::max(settings.first, settings.longest);
  Milliseconds pause = settings.first;
  for (std::uint32_t i = 1; i < repeat && pause < longest; ++i) {
    pause *= 2;
  }
  return std::min(pause, longest);
}

}  // namespace

/// Events without an overload mean nothing to pauses.
class RetryJudge::Reader {
 public:
  Reader(RetryJudge& judge, Timestamp now) : judge_(judge), now_(now) {}

  void operator()(const core::TasksReady& event) {
    for (const core::TaskIndex task : event.tasks) {
      judge_.check_due({event.run, task}, now_);
    }
  }
  void operator()(const core::TaskDelegated& event) {
    judge_.check_due({event.run, event.task}, now_);
    judge_.tries_[{event.run, event.task}].begun = event.at;
  }
  void operator()(const core::TasksLeased& event) {
    for (const auto& lease : event.leases) {
      judge_.tries_[{event.run, lease.task}].begun = kNoTime;
      for (const core::TaskRange& range : lease.others) {
        for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
          judge_.check_due({event.run, row}, now_);
          judge_.tries_[{event.run, row}].begun = kNoTime;
        }
      }
    }
  }
  void operator()(const core::IterationsReturned& event) {
    for (const core::TaskRange& range : event.rows) {
      for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
        judge_.check_due({event.run, row}, now_);
        judge_.tries_[{event.run, row}].begun = kNoTime;
      }
    }
  }
  void operator()(const core::AttemptStarted& event) {
    judge_.tries_[{event.run, event.task}].begun = event.at;
    const RunFact& run = judge_.runs_.at(event.run);
    for (core::TaskIndex row = 0; row < run.tasks.size(); ++row) {
      const AttemptId stream = run.tasks[row].stream;
      if (stream.is_valid() && stream == run.tasks[event.task].attempt) {
        judge_.tries_[{event.run, row}].begun = event.at;
      }
    }
  }
  void operator()(const core::AttemptFinished& event) {
    Tries& tries = judge_.tries_[{event.run, event.task}];
    ++tries.ended;
    tries.was_lost = event.attempt.outcome.end == model::AttemptEnd::kLost;
  }
  void operator()(const core::RetryScheduled& event) {
    judge_.check_pause(event, now_);
    judge_.tries_[{event.run, event.task}].due = event.at;
  }
  void operator()(const core::RunRepaired& event) {
    std::erase_if(judge_.tries_,
                  [&event](const auto& entry) { return entry.first.run == event.run->id; });
  }
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  RetryJudge& judge_;
  Timestamp now_;
};

void RetryJudge::take(const core::Event& event, Timestamp now) {
  std::visit(Reader(*this, now), event);
}

void RetryJudge::check_pause(const core::RetryScheduled& event, Timestamp now) const {
  const model::TaskSettings& settings = runs_.at(event.run).settings_of(event.task);
  const Tries& tries = tries_.at({event.run, event.task});
  const std::string name = "task " + std::to_string(event.task) + " of run " + to_string(event.run);
  if (event.was_lost != tries.was_lost) {
    violate("retry", name + " counts a loss as a retry, or the other way round");
  }
  if (event.was_lost) {
    if (event.at != now) {
      violate("retry", name + " waits after a loss");
    }
    return;
  }
  const Timestamp begun = tries.begun == kNoTime ? now : std::min(tries.begun, now);
  const bool starts_runs = std::holds_alternative<model::RunJobTask>(settings.action);
  const Timestamp floor =
      std::max(begun + settings.min_retry_interval, starts_runs ? now + kLeastPauseOfRuns : now);
  const Timestamp ceiling =
      std::max(floor, now + longest_backoff(settings.backoff, std::max(tries.ended, 1u)));
  if (event.at < floor || event.at > ceiling) {
    violate("retry", name + " is tried again outside of the window that its settings give");
  }
}

void RetryJudge::check_due(const core::TaskRef& task, Timestamp now) {
  Tries& tries = tries_[task];
  if (tries.due != kNoTime && now < tries.due) {
    violate("retry",
            "task " + std::to_string(task.task) + " of run " + to_string(task.run) +
                " begins before its pause is over");
  }
  tries.due = kNoTime;
}

}  // namespace sheaf::sim
