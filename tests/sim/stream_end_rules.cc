// What the end of a stream's process makes of its inputs (docs/streams.md).
#include <algorithm>

#include "tests/sim/stream_judge.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

using model::AttemptEnd;
using model::StopReason;

constexpr const char* kNoOutcome = "The stream ended without an outcome for it.";

bool is_unproven(const core::AttemptRecord& attempt) {
  return attempt.outcome.end == AttemptEnd::kLost && !attempt.outcome.tree_empty;
}

}  // namespace

void StreamJudge::check_charge(const Stream& stream, const core::AttemptRecord& attempt) const {
  const std::string name = "attempt " + to_string(attempt.id);
  if (!is_unproven(attempt) && truth_.is_alive(attempt.id)) {
    violate("P7", name + " is recorded as over and lives");
  }
  const auto processes = truth_.of(attempt.id);
  const auto any = [&processes](const auto& matches) {
    return std::ranges::any_of(processes, matches);
  };
  const model::AttemptOutcome& outcome = attempt.outcome;
  const int code = outcome.message == kNoOutcome ? 0 : outcome.exit_code;
  const bool was_stopped_for_time =
      runs_.at(stream.run).tasks[stream.holder].stop_reason == StopReason::kTimeout;
  bool is_true = true;
  if (outcome.end == AttemptEnd::kExited) {
    is_true = any([code](const Process* process) {
      return process->has_exited && process->exit_code == code;
    });
  } else if (outcome.end == AttemptEnd::kSignalled || outcome.end == AttemptEnd::kTimedOut) {
    is_true = any([&outcome](const Process* process) { return process->end == outcome.end; }) ||
              (outcome.end == AttemptEnd::kTimedOut && was_stopped_for_time);
  }
  if (!is_true || (outcome.end == AttemptEnd::kExited && outcome.exit_code == 0)) {
    violate("P2", name + " never ended so");
  }
  if (stream.charge && stream.charge->outcome.end != outcome.end) {
    violate("P2", name + " ended in two ways");
  }
}

void StreamJudge::check_end(const Streams::value_type& ended) const {
  const auto& [attempt, stream] = ended;
  const std::string name = "the process of attempt " + to_string(attempt);
  if (!stream.open.empty()) {
    violate("P4", "nobody knows what becomes of inputs of " + name);
  }
  const auto holder = stream.recorded.find(stream.holder);
  if (holder != stream.recorded.end()) {
    const model::TaskState state = runs_.at(stream.run).tasks[stream.holder].state;
    if (holder->second ? state != model::TaskState::kSucceeded : !stream.is_holder_told) {
      violate("P2", "what " + name + " said of its first input is lost");
    }
  }
  check_rest(name, stream);
}

void StreamJudge::check_rest(const std::string& name, const Stream& stream) const {
  const std::size_t rest = stream.charged.size() + stream.returned.size() + stream.stopped.size();
  if (stream.was_refused) {
    if (stream.returned.size() != rest) {
      violate("stream", name + " never was, and inputs do not come again free of charge");
    }
    return;
  }
  if (rest == 0) {
    return;
  }
  if (stream.was_stopped || !stream.stopped.empty()) {
    // Of what may live nobody says that it was cancelled.
    const bool is_lost = stream.charge && is_unproven(*stream.charge);
    if (!stream.was_stopped || (is_lost ? stream.charged : stream.stopped).size() != rest) {
      violate("cancel", name + " was stopped, and its inputs were not, or the other way round");
    }
    return;
  }
  if (!stream.charge) {
    violate("stream", name + " has ended and nobody is charged with it");
  }
  const bool has_begun = stream.has_begun || !stream.recorded.empty();
  const bool is_all = !has_begun || stream.charge->outcome.message == kNoOutcome ||
                      stream.charge->outcome.end == AttemptEnd::kLost;
  const bool is_right =
      is_all ? stream.returned.empty()
             : stream.charged.size() == 1 &&
                   (stream.returned.empty() || *stream.charged.begin() < *stream.returned.begin());
  if (!is_right) {
    violate("stream",
            name + " has charged " + std::to_string(stream.charged.size()) + " inputs and given " +
                std::to_string(stream.returned.size()) + " back");
  }
}

void StreamJudge::end_batch() {
  for (const AttemptId attempt : std::exchange(ending_, {})) {
    check_end(*streams_.find(attempt));
  }
}

void StreamJudge::check_inputs(const model::AttemptSpec& spec) const {
  const auto found = streams_.find(spec.attempt);
  std::vector<model::StreamInput> wanted;
  if (found != streams_.end()) {
    const RunFact& run = runs_.at(found->second.run);
    const std::size_t block = run.block_of(found->second.holder);
    for (const core::TaskIndex row : found->second.given) {
      const std::uint32_t index = row - run.blocks[block].first;
      wanted.push_back({.index = index, .json = run.elements[block][index]});
    }
  }
  if (spec.stream != wanted) {
    violate("stream", "attempt " + to_string(spec.attempt) + " has other inputs than its lease");
  }
}

void StreamJudge::check_recorded(const wire::Outcomes& outcomes) const {
  const Stream& stream = streams_.at(outcomes.attempt);
  const RunFact& run = runs_.at(stream.run);
  const core::TaskIndex first = run.blocks[run.block_of(stream.holder)].first;
  bool is_recorded = !outcomes.is_ready || stream.has_begun || !stream.recorded.empty();
  for (const model::StreamOutcome& outcome : outcomes.entries) {
    const auto known = stream.recorded.find(first + outcome.index);
    is_recorded =
        is_recorded && known != stream.recorded.end() && known->second == outcome.is_success;
  }
  if (!is_recorded) {
    violate("P1",
            "what the process of attempt " + to_string(outcomes.attempt) +
                " said is acknowledged, or passed over by its result, and not recorded");
  }
}

std::optional<std::set<core::TaskRef>> StreamJudge::find_rows(AttemptId attempt) const {
  const auto found = streams_.find(attempt);
  if (found == streams_.end()) {
    return std::nullopt;
  }
  std::set<core::TaskRef> rows;
  for (const core::TaskIndex row : found->second.given) {
    if (!found->second.recorded.contains(row)) {
      rows.insert({found->second.run, row});
    }
  }
  return rows;
}

void StreamJudge::move_rows(RunId run, const std::map<core::TaskIndex, core::TaskIndex>& moved) {
  for (auto& [attempt, stream] : streams_) {
    if (stream.run != run) {
      continue;
    }
    std::set<core::TaskIndex> given;
    for (const core::TaskIndex row : stream.given) {
      if (moved.contains(row) && !stream.recorded.contains(row)) {
        given.insert(moved.at(row));
      }
    }
    stream.given = std::move(given);
    stream.recorded.clear();
  }
}

}  // namespace sheaf::sim
