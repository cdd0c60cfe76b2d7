// How the agent follows what the processes of streams write: worker/session/loop_streams and
// stream_outcomes as they behave, without files.
#include <utility>

#include "tests/sim/agent_host.h"

namespace sheaf::sim {
namespace {

constexpr Milliseconds kStreamPause{50};
/// Stands for the bytes of a line: what a report covers is told by them.
constexpr std::uint64_t kBytesPerLine = 32;

}  // namespace

AgentHost::StreamCursor::StreamCursor(const model::AttemptSpec& spec) {
  for (const model::StreamInput& input : spec.stream) {
    open.insert(input.index);
  }
}

wire::Outcomes AgentHost::read_stream(const model::AttemptSpec& spec,
                                      StreamCursor& cursor,
                                      std::size_t most) {
  wire::Outcomes piece{.attempt = spec.attempt, .fence = spec.fence};
  const auto& lines = machine_.disk().at(spec.attempt).stream_output;
  while (cursor.next < lines.size() && piece.entries.size() < most) {
    const StreamLine& line = lines[cursor.next++].line;
    piece.is_ready = piece.is_ready || line.is_ready;
    if (!line.is_ready && cursor.open.erase(line.outcome.index) == 1) {
      piece.entries.push_back(line.outcome);
    }
  }
  piece.offset = cursor.next * kBytesPerLine;
  return piece;
}

void AgentHost::obey_outcomes(const wire::OutcomesAck& message) {
  const agent::Attempt* const attempt = agent_.find(message.attempt);
  const bool is_answer = attempt != nullptr && attempt->outcomes &&
                         attempt->outcomes->fence == message.fence &&
                         attempt->outcomes->offset == message.offset;
  if (is_answer) {
    machine_.parts().ledger.check_outcomes(*attempt->outcomes);
  }
  perform(agent_.outcomes_acknowledged(message, machine_.boot_time()));
}

void AgentHost::follow_streams() {
  const Milliseconds now = machine_.boot_time();
  for (const AttemptId id : agent_.open_streams()) {
    const agent::Attempt& attempt = *agent_.find(id);
    const bool is_over = attempt.phase == agent::Phase::kReporting;
    StreamCursor& cursor = cursors_.try_emplace(id, attempt.spec).first->second;
    if (!is_over && now - cursor.last_read < kStreamPause) {
      look_again(id);
      continue;
    }
    wire::Outcomes piece = read_stream(attempt.spec, cursor, 1 + machine_.parts().dice.below(20));
    if (piece.is_ready || !piece.entries.empty()) {
      cursor.last_read = now;
      perform(agent_.report_outcomes(std::move(piece), now));
    } else if (is_over) {
      perform(agent_.report_stream_read(id, now));
    }
  }
}

void AgentHost::look_again(AttemptId attempt) {
  if (!std::exchange(cursors_.at(attempt).is_look_due, true)) {
    later(kStreamPause, [this, attempt] {
      if (const auto cursor = cursors_.find(attempt); cursor != cursors_.end()) {
        cursor->second.is_look_due = false;
        flush();
      }
    });
  }
}

void AgentHost::check_said(const wire::ResultReport& report) {
  const agent::Attempt* const attempt = agent_.find(report.attempt);
  // Of a process that nobody could end, more may come when nobody reads any more.
  if (attempt == nullptr || attempt->spec.stream.empty() ||
      report.outcome.end == model::AttemptEnd::kLost) {
    return;
  }
  StreamCursor anew(attempt->spec);
  machine_.parts().ledger.check_outcomes(read_stream(attempt->spec, anew, SIZE_MAX));
}

}  // namespace sheaf::sim
