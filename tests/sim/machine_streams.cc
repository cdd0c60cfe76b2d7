// What the processes of streams write, and what of it a loss of power leaves.
#include <algorithm>

#include "tests/sim/machine.h"
#include "tests/sim/trace.h"

namespace sheaf::sim {

void Machine::begin_stream(const Shim& shim) {
  const model::AttemptSpec& spec = shim.spec;
  if (spec.stream.empty()) {
    return;
  }
  AttemptRecords& records = disk_[spec.attempt];
  records.stream_output.clear();
  records.stream_writer = shim.process;
  const bool works_to_the_end = shim.plan.end == Plan::End::kSucceeds;
  for (ScriptedLine& scripted :
       draw_script(parts_.dice, spec, shim.plan.length, works_to_the_end)) {
    parts_.timeline.after(
        scripted.after,
        [this, attempt = spec.attempt, number = shim.process, line = std::move(scripted.line)] {
          write_line(attempt, number, line);
        });
  }
}

void Machine::write_line(AttemptId attempt, std::size_t number, const StreamLine& line) {
  Process& process = parts_.truth.process(number);
  const auto records = disk_.find(attempt);
  const bool is_there = records != disk_.end() && records->second.stream_writer == number;
  if (!process.is_alive || process.end || !is_there) {
    return;
  }
  records->second.stream_output.push_back({.line = line, .at = parts_.timeline.now()});
  if (line.is_ready) {
    process.is_ready = true;
  } else {
    process.said.emplace(line.outcome.index, line.outcome);
  }
  tell_agent(attempt);
}

void Machine::lose_lines(AttemptRecords& records) {
  std::vector<AttemptRecords::WrittenLine>& lines = records.stream_output;
  const auto unsafe = std::ranges::find_if(
      lines, [this](const auto& line) { return parts_.timeline.now() - line.at < kWriteBack; });
  const auto count = static_cast<std::size_t>(lines.end() - unsafe);
  if (count > 0 && parts_.dice.chance(50)) {
    lines.resize(lines.size() - 1 - parts_.dice.below(count));
  }
}

}  // namespace sheaf::sim
