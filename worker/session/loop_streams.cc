// What the loop does with streams: it reads what their processes write, as fast as the scheduler
// makes it durable.
#include <utility>

#include "common/os/clocks.h"
#include "common/telemetry/log.h"
#include "worker/session/loop.h"

namespace sheaf::session {

void Session::Loop::follow_streams() {
  const Milliseconds now = os::boot_time();
  for (const AttemptId id : agent_.open_streams()) {
    const agent::Attempt& attempt = *agent_.find(id);
    const bool is_over = attempt.phase == agent::Phase::kReporting;
    Stream& stream = find_stream(id);
    if (!is_over && now - stream.last_read < kStreamPause) {
      continue;
    }
    auto piece = stream.outcomes.read(is_over ? StreamOutcomes::Writer::kIsGone
                                              : StreamOutcomes::Writer::kRuns);
    keep_notes(id, stream);
    if (piece) {
      // A full one has more behind it.
      const bool is_full = piece->entries.size() == limits::kMaxStreamReport;
      stream.last_read = is_full ? Milliseconds{0} : now;
      perform(agent_.report_outcomes({.attempt = id,
                                      .fence = attempt.spec.fence,
                                      .offset = piece->offset,
                                      .is_ready = piece->is_ready,
                                      .entries = std::move(piece->entries)},
                                     now));
    } else if (is_over) {
      perform(agent_.report_stream_read(id, now));
    }
  }
}

Session::Loop::Stream& Session::Loop::find_stream(AttemptId id) {
  const auto found = streams_.find(id);
  if (found != streams_.end()) {
    return found->second;
  }
  return streams_
      .emplace(id,
               Stream{.outcomes = StreamOutcomes(runner_.folder(id).stream_output_file(),
                                                 agent_.find(id)->spec.stream)})
      .first->second;
}

void Session::Loop::keep_notes(AttemptId id, Stream& stream) {
  for (std::string& note : stream.outcomes.take_notes()) {
    telemetry::log(telemetry::Level::kWarning, "attempt " + to_string(id) + ": " + note);
    warnings_[id].push_back(std::move(note));
  }
}

}  // namespace sheaf::session
