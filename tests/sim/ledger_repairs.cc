// What a repair makes of what the ledger knows of a run.
#include "tests/sim/ledger_reader.h"

namespace sheaf::sim {

void Ledger::Reader::operator()(const core::RunRepaired& event) {
  trace("run " + to_string(event.run->id) + " is repaired");
  RunFact& run = ledger_.runs_.at(event.run->id);
  ledger_.repairs_.check(event, run);
  take_repaired(event, run);
  ++ledger_.unfinished_;
  ledger_.jobs_[event.run->job].queued.push_back(event.run->id);
}

void Ledger::Reader::take_repaired(const core::RunRepaired& event, RunFact& run) {
  const RunId id = event.run->id;
  const auto moved = moved_rows(event, run);
  RunFact now{.record = *event.run, .settings = event.settings};
  now.queued = event.run->deadline - limits::kMaxQueueWait;
  now.blocks = event.run->blocks;
  now.tasks.resize(event.rows.size());
  const auto values = std::exchange(ledger_.values_, {});
  for (const auto& [what, list] : values) {
    if (what.run != id) {
      ledger_.values_[what] = list;
    }
  }
  for (const auto& [old, row] : moved) {
    if (event.rows[row].state == model::TaskState::kBlocked) {
      continue;
    }
    now.kept.insert(row);
    now.tasks[row] = run.tasks[old];
    if (const auto known = values.find({id, old}); known != values.end()) {
      ledger_.values_[{id, row}] = known->second;
    }
  }
  for (const core::IterationBlock& block : event.run->blocks) {
    const std::string& key = event.settings->tasks[block.parent].task_key;
    const std::size_t old = *run.find_block(run.index_of(key));
    now.elements.push_back(run.elements[old]);
    now.inputs.push_back(run.inputs[old]);
  }
  for (auto& [attempt, task] : ledger_.tasks_of_attempts_) {
    if (task.run == id) {
      const auto place = moved.find(task.task);
      task.task = place == moved.end() ? core::kRunItself : place->second;
    }
  }
  std::erase_if(ledger_.overlaps_, [id](const auto& entry) { return entry.second.run == id; });
  for (const auto& [row, details] : event.details) {
    for (const core::AttemptRecord& attempt : details.attempts) {
      if (attempt.overlap_possible) {
        ledger_.overlaps_.insert({attempt.id, {id, row}});
      }
    }
  }
  std::erase_if(ledger_.final_rows_, [id](const auto& entry) { return entry.first.run == id; });
  run = std::move(now);
  ledger_.streams_.move_rows(id, moved);
}

}  // namespace sheaf::sim
