#include "tests/sim/ledger.h"

#include <algorithm>

#include "tests/sim/ledger_reader.h"
#include "tests/sim/oracle.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {

using model::TaskState;

void Ledger::record(const store::Batch& batch, std::uint64_t chain, Timestamp now) {
  last_batch_ = batch.number;
  chain_ = chain;
  Reader reader(*this);
  for (const store::Batch::RunEvents& segment : batch.events) {
    for (const core::Event& event : segment.events) {
      ++events_;
      core::apply(folded_, event);
      std::visit(reader, event);
      delegation_.take(event);
      usage_.take(event);
      retries_.take(event, now);
      streams_.take(event);
    }
  }
  delegation_.end_batch();
  usage_.end_batch();
  streams_.end_batch();
  finish_runs();
  core::retire_finished(folded_);
  check_rows(batch);
}

void Ledger::finish_runs() {
  for (const RunId id : std::exchange(to_skip_, {})) {
    if (runs_.at(id).state != model::RunState::kSkipped) {
      violate("queue", "run " + to_string(id) + " has no place, may not queue and is not skipped");
    }
  }
  for (const RunId id : std::exchange(ended_runs_, {})) {
    RunFact& fact = runs_.at(id);
    fact.finished = core::to_stored(*folded_.find_run(id));
    check_finished_run(fact);
  }
}

void Ledger::reopen(const store::Head& head) {
  if (held_ && head.batch == held_->number) {
    record(*held_, head.chain, held_at_);
  }
  held_.reset();
  if (head.batch != last_batch_ || head.chain != chain_) {
    violate("P1",
            "the store came back at batch " + std::to_string(head.batch) + ", committed were " +
                std::to_string(last_batch_));
  }
}

void Ledger::check_rows(const store::Batch& batch) {
  for (const store::Batch::TaskPage& page : batch.pages) {
    for (std::size_t offset = 0; offset < page.rows.size(); ++offset) {
      const auto index = static_cast<core::TaskIndex>(page.page * core::kTasksPerPage + offset);
      const core::TaskRow& row = page.rows[offset];
      const auto details = page.details.find(index);
      const bool has_values = details != page.details.end() && !details->second.values.empty();
      if (has_values && row.state != TaskState::kSucceeded) {
        violate("values", "values of a task of run " + to_string(page.run) + " are visible early");
      }
      if (is_terminal(row.state)) {
        const auto [known, is_new] = final_rows_.emplace(core::TaskRef{page.run, index}, row);
        if (!is_new && known->second != row) {
          violate("P2", "a finished task of run " + to_string(page.run) + " changed");
        }
      }
      if (row.state != task(page.run, index).state && is_terminal(row.state)) {
        violate("rows", "a row of run " + to_string(page.run) + " is not what its events say");
      }
    }
  }
}

TaskFact& Ledger::task(RunId run, core::TaskIndex task) {
  return runs_.at(run).tasks.at(task);
}

void Ledger::release(TaskFact& task) {
  on_worker_[task.worker].erase(task.attempt);
  task.attempt = {};
  task.is_loss_expected = false;
}

}  // namespace sheaf::sim
