#include "scheduler/workers/attempt_owners.h"

#include <memory>

namespace sheaf::workers {
namespace {

constexpr std::size_t kMaxRemembered = 100'000;

std::optional<WorkerId> owner_in(const store::RunView& run, AttemptId attempt) {
  for (const core::TaskRow& row : run.tasks) {
    if (row.attempt == attempt && row.worker.is_valid()) {
      return row.worker;
    }
  }
  for (const auto& [task, details] : run.details) {
    for (const core::AttemptRecord& record : details.attempts) {
      if (record.id == attempt) {
        return record.worker;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

void AttemptOwners::name_worker(WorkerId worker, const std::string& name) {
  known_.with([&](Known& known) { known.names[worker] = name; });
}

void AttemptOwners::note(AttemptId attempt, RunId run, WorkerId worker) {
  known_.with([&](Known& known) {
    const Place place{.run = run, .worker = worker};
    if (known.places.insert_or_assign(attempt, place).second) {
      known.oldest_first.push_back(attempt);
    }
    if (known.oldest_first.size() > kMaxRemembered) {
      known.places.erase(known.oldest_first.front());
      known.oldest_first.pop_front();
    }
  });
}

Result<std::optional<AttemptOwner>> AttemptOwners::find(AttemptId attempt) {
  std::optional<Place> place = known_.with([&](const Known& known) {
    const auto found = known.places.find(attempt);
    return found == known.places.end() ? std::nullopt : std::optional(found->second);
  });
  if (!place) {
    const Result<std::optional<Place>> stored = read_place(attempt);
    if (!stored) {
      return fail(stored.error());
    }
    if (!stored->has_value()) {
      return std::optional<AttemptOwner>();
    }
    place = **stored;
    note(attempt, place->run, place->worker);
  }
  return known_.with([&](const Known& known) {
    const auto found = known.names.find(place->worker);
    return std::optional(AttemptOwner{
        .run = place->run, .worker = found == known.names.end() ? std::string() : found->second});
  });
}

Result<std::optional<AttemptOwners::Place>> AttemptOwners::read_place(AttemptId attempt) const {
  const std::unique_ptr<store::Reader> reader = store_.read();
  const Result<std::optional<RunId>> run = reader->run_of_attempt(attempt);
  if (!run) {
    return fail(run.error());
  }
  if (!run->has_value()) {
    return std::optional<Place>();
  }
  const Result<std::optional<store::RunView>> view = reader->run(**run);
  if (!view) {
    return fail(view.error());
  }
  const std::optional<WorkerId> worker =
      view->has_value() ? owner_in(**view, attempt) : std::nullopt;
  return worker ? std::optional(Place{.run = **run, .worker = *worker}) : std::nullopt;
}

}  // namespace sheaf::workers
