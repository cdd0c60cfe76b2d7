#include "tests/sim/stream_judge.h"

#include <algorithm>
#include <variant>

#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

using model::AttemptEnd;
using model::StopReason;
using model::TaskState;

template <typename Visit>
void for_each(const std::vector<core::TaskRange>& ranges, const Visit& visit) {
  for (const core::TaskRange& range : ranges) {
    for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
      visit(row);
    }
  }
}

const core::IterationBlock& block_of(const RunFact& run, core::TaskIndex row) {
  return run.blocks[run.block_of(row)];
}

std::string name_of(AttemptId attempt) {
  return "the process of attempt " + to_string(attempt);
}

/// The run or the for-each task is being stopped, not one process alone.
bool is_being_stopped(const RunFact& run, core::TaskIndex row) {
  return run.is_stopping || run.is_stopped(block_of(run, row).parent);
}

}  // namespace

/// Events without an overload mean nothing to streams.
class StreamJudge::Reader {
 public:
  explicit Reader(StreamJudge& judge) : judge_(judge) {}

  void operator()(const core::TasksLeased& event) {
    for (const auto& given : event.leases) {
      judge_.lease(event, given);
    }
    judge_.check_chunks(event);
  }
  void operator()(const core::TaskReturned& event) {
    if (judge_.runs_.at(event.run).is_stream(event.task)) {
      judge_.end(event.run, event.task, true);
    }
  }
  void operator()(const core::AttemptStopRequested& event) {
    const RunFact& run = judge_.runs_.at(event.run);
    if (run.is_stream(event.task) && event.reason == StopReason::kUserCancel &&
        !is_being_stopped(run, event.task)) {
      violate("cancel", "one iteration of a stream was cancelled with all of its process");
    }
  }
  void operator()(const core::StreamReported& event) { judge_.report(event); }
  void operator()(const core::StreamEnded& event) { judge_.end(event.run, event.holder, false); }
  void operator()(const core::AttemptFinished& event) {
    if (judge_.runs_.at(event.run).is_stream(event.task)) {
      judge_.conclude(event);
    }
  }
  void operator()(const core::IterationsReturned& event) { judge_.give_back(event); }
  void operator()(const core::TaskFinished& event) {
    if (judge_.runs_.at(event.run).is_stream(event.task)) {
      judge_.finish(event);
    }
  }
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  StreamJudge& judge_;
};

void StreamJudge::take(const core::Event& event) {
  std::visit(Reader(*this), event);
}

StreamJudge::Streams::value_type& StreamJudge::held_by(RunId run, core::TaskIndex holder) {
  for (auto& entry : streams_) {
    if (entry.second.run == run && entry.second.holder == holder && !entry.second.is_over) {
      return entry;
    }
  }
  violate("stream",
          "task " + std::to_string(holder) + " of run " + to_string(run) + " holds no process");
}

void StreamJudge::lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease) {
  const RunFact& run = runs_.at(event.run);
  if (!run.is_stream(lease.task)) {
    if (!lease.others.empty()) {
      violate("stream", "attempt " + to_string(lease.attempt) + " is of no stream");
    }
    return;
  }
  if (ending_.erase(lease.attempt) == 1) {
    check_end(*streams_.find(lease.attempt));  // It was refused in the same batch.
  }
  Stream stream{.run = event.run, .holder = lease.task, .given = {lease.task}};
  for_each(lease.others, [&](core::TaskIndex row) {
    if (!run.is_iteration(row) || run.block_of(row) != run.block_of(lease.task) ||
        !stream.given.insert(row).second) {
      violate("stream", name_of(lease.attempt) + " has a row that is not for it");
    }
  });
  stream.open = stream.given;
  streams_[lease.attempt] = std::move(stream);
}

/// A process gets as much as it may, unless there is no more.
void StreamJudge::check_chunks(const core::TasksLeased& event) const {
  const RunFact& run = runs_.at(event.run);
  for (const auto& lease : event.leases) {
    if (!run.is_stream(lease.task)) {
      continue;
    }
    const core::IterationBlock& block = block_of(run, lease.task);
    const auto& loop = std::get<model::ForEachTask>(run.settings->tasks[block.parent].action);
    const auto processes = static_cast<std::size_t>(loop.concurrency);
    const std::size_t most =
        std::min((block.count + processes - 1) / processes, static_cast<std::size_t>(loop.chunk));
    const std::size_t given = streams_.at(lease.attempt).given.size();
    bool any_waits = false;
    for (core::TaskIndex row = block.first; row < block.first + block.count; ++row) {
      const TaskFact& task = run.tasks[row];
      any_waits = any_waits || (!is_terminal(task.state) && !task.is_ready && !task.is_resting &&
                                !task.attempt.is_valid() && !task.stream.is_valid());
    }
    if (given > most || (given < most && any_waits)) {
      violate("stream",
              name_of(lease.attempt) + " has " + std::to_string(given) + " inputs, not " +
                  std::to_string(most));
    }
  }
}

void StreamJudge::check_said(const Streams::value_type& stream,
                             core::TaskIndex row,
                             bool is_success,
                             const std::string& error) const {
  const std::uint32_t index = row - block_of(runs_.at(stream.second.run), row).first;
  for (const Process* process : truth_.of(stream.first)) {
    const auto said = process->said.find(index);
    if (said == process->said.end() || said->second.is_success != is_success) {
      continue;
    }
    const std::string& text = said->second.error;
    if (is_success || error == (text.empty() ? "The iteration failed, without a message." : text)) {
      return;
    }
  }
  violate("P2",
          name_of(stream.first) + " never said of input " + std::to_string(index) + " that it " +
              (is_success ? "succeeded" : "failed with: " + error));
}

void StreamJudge::record(Streams::value_type& entry,
                         core::TaskIndex row,
                         bool is_success,
                         const std::string& error) {
  check_said(entry, row, is_success, error);
  if (entry.second.open.erase(row) == 0) {
    violate("P2", name_of(entry.first) + " has two outcomes of one input, or one of another's");
  }
  entry.second.recorded[row] = is_success;
}

void StreamJudge::report(const core::StreamReported& event) {
  auto& entry = held_by(event.run, event.holder);
  Stream& stream = entry.second;
  for_each(event.succeeded, [&](core::TaskIndex row) {
    if (row == stream.holder) {
      violate("stream", name_of(entry.first) + " lost its holder");
    }
    record(entry, row, true, "");
  });
  const auto processes = truth_.of(entry.first);
  const bool has_spoken = std::ranges::any_of(processes, [](const Process* process) {
    return process->is_ready || !process->said.empty();
  });
  stream.has_begun = (event.mark & core::kStreamBegun) != 0;
  if (stream.has_begun && !has_spoken) {
    violate("P2", name_of(entry.first) + " has said nothing and is recorded as begun");
  }
  const bool has_succeeded = (event.mark & core::kHolderSucceeded) != 0;
  const bool has_failed = (event.mark & core::kHolderFailed) != 0;
  const auto known = stream.recorded.find(stream.holder);
  if (known == stream.recorded.end() && (has_succeeded || has_failed)) {
    record(entry, stream.holder, has_succeeded, event.holder_error);
  } else if (known != stream.recorded.end() &&
             (known->second != has_succeeded || known->second == has_failed)) {
    violate("P2", "what " + name_of(entry.first) + " said of its first input changed");
  }
}

void StreamJudge::end(RunId run, core::TaskIndex holder, bool was_refused) {
  auto& [attempt, stream] = held_by(run, holder);
  stream.is_over = true;
  stream.was_refused = was_refused;
  stream.was_stopped = is_being_stopped(runs_.at(run), holder);
  if (was_refused) {
    stream.open.erase(holder);  // It waits for another worker.
  }
  ending_.insert(attempt);
}

void StreamJudge::conclude(const core::AttemptFinished& event) {
  const auto found = streams_.find(event.attempt.id);
  if (found == streams_.end()) {
    violate("stream", "attempt " + to_string(event.attempt.id) + " had no process");
  }
  Stream& stream = found->second;
  const model::AttemptOutcome& outcome = event.attempt.outcome;
  const bool is_plain_failure = outcome.end == AttemptEnd::kExited && outcome.exit_code == 1;
  const bool is_of_holder = event.task == stream.holder && stream.recorded.contains(event.task);
  if (is_of_holder) {
    if (!stream.is_over || stream.recorded.at(event.task) || !is_plain_failure) {
      violate("P2", name_of(found->first) + " said otherwise of its first input");
    }
    check_said(*found, event.task, false, outcome.message);
    stream.is_holder_told = true;
  } else if (!stream.is_over) {
    if (!is_plain_failure || event.task == stream.holder) {
      violate("P2", "an input of " + name_of(found->first) + " ended while it works on it");
    }
    record(*found, event.task, false, outcome.message);
  } else {
    if (stream.open.erase(event.task) == 0) {
      violate("P2", name_of(found->first) + " ended twice for one of its inputs");
    }
    check_charge(stream, event.attempt);
    stream.charged.insert(event.task);
    stream.charge = event.attempt;
  }
}

void StreamJudge::give_back(const core::IterationsReturned& event) {
  for_each(event.rows, [&](core::TaskIndex row) {
    for (const AttemptId attempt : ending_) {
      Stream& stream = streams_.at(attempt);
      if (stream.run == event.run && stream.open.erase(row) == 1) {
        stream.returned.insert(row);
      }
    }
  });
}

void StreamJudge::finish(const core::TaskFinished& event) {
  for (auto& [attempt, stream] : streams_) {
    if (stream.run != event.run || stream.open.erase(event.task) == 0) {
      continue;
    }
    if (!stream.is_over) {
      violate("P2", "an input of " + name_of(attempt) + " ended while it works on it");
    }
    if (truth_.is_alive(attempt)) {
      violate("P7", "an input of " + name_of(attempt) + ", which lives, is said to be over");
    }
    const bool is_timeout =
        runs_.at(event.run).tasks[stream.holder].stop_reason == StopReason::kTimeout ||
        std::ranges::any_of(truth_.of(attempt), [](const Process* process) {
          return process->end == AttemptEnd::kTimedOut;
        });
    if (event.state != TaskState::kCancelled &&
        !(event.state == TaskState::kTimedOut && is_timeout)) {
      violate("cancel", "an input of " + name_of(attempt) + " has the wrong end");
    }
    stream.stopped.insert(event.task);
  }
}

}  // namespace sheaf::sim
