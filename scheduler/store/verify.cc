#include "scheduler/store/verify.h"

#include <map>
#include <utility>

#include "scheduler/store/rows.h"

namespace sheaf::store {
namespace {

constexpr std::size_t kMaxSuspicions = 1'000'000;

/// The last record of each key that events told of, encoded.
template <typename Key>
using Latest = std::map<Key, std::string>;

/// What events say beside State.
struct Folded {
  Latest<JobId> jobs;
  Latest<DeploymentId> deployments;
  Latest<AlertId> alerts;
  Latest<std::string> receipts;
  Latest<std::pair<JobId, std::string>> hook_secrets;

  void operator()(const core::JobRecorded& event) { jobs[event.job->id] = encode(*event.job); }
  void operator()(const core::JobRemoved& event) { jobs.erase(event.job); }
  void operator()(const core::DeploymentRecorded& event) {
    deployments[event.deployment.id] = encode(event.deployment);
  }
  void operator()(const core::DeploymentRemoved& event) { deployments.erase(event.deployment); }
  void operator()(const core::AlertRecorded& event) {
    alerts[event.alert.id] = encode(event.alert);
  }
  void operator()(const core::ReceiptRecorded& event) {
    receipts[event.receipt.key] = encode(event.receipt);
  }
  void operator()(const core::HookSecretRecorded& event) {
    hook_secrets[{event.secret.job, event.secret.hook}] = encode(event.secret);
  }
  template <typename Other>
  void operator()(const Other& /*event*/) {}
};

template <typename Record>
Result<std::string> encoded(const Result<std::optional<Record>>& record) {
  if (!record) {
    return fail(record.error());
  }
  return record->has_value() ? encode(**record) : std::string();
}

class Verifier {
 public:
  explicit Verifier(const Store& store)
      : store_(store), reader_(store.read()), settings_(*reader_) {}

  Result<VerifyReport> run();

 private:
  [[nodiscard]] Result<void> fold(std::uint64_t number);
  [[nodiscard]] Result<void> compare_run(const core::LiveRun& run);
  [[nodiscard]] Result<void> compare_live();
  [[nodiscard]] Result<void> compare_declarations();
  [[nodiscard]] Result<void> compare_deliveries();
  void compare(std::string_view what, bool is_equal);
  /// A run that ended differs from its row: a fault, unless a later event changed the row again.
  void suspect(RunId run, std::string_view what, bool is_equal);
  void clear_suspicions(const std::vector<core::Event>& events);
  /// Compares `folded` with the row that `read` finds for each key.
  template <typename Key, typename Read>
  [[nodiscard]] Result<void> compare_all(std::string_view what,
                                         const Latest<Key>& folded,
                                         const Read& read);

  const Store& store_;
  std::unique_ptr<Reader> reader_;
  SettingsCache settings_;
  core::State state_;
  Folded folded_;
  std::map<RunId, std::vector<std::string>> suspicions_;
  VerifyReport report_;
};

Result<VerifyReport> Verifier::run() {
  for (std::uint64_t number = 1; number <= store_.head().batch; ++number) {
    if (auto folded = fold(number); !folded) {
      return fail(folded.error(), "batch " + std::to_string(number));
    }
  }
  for (const auto& compared : {compare_live(), compare_declarations(), compare_deliveries()}) {
    if (!compared) {
      return fail(compared.error());
    }
  }
  return std::move(report_);
}

Result<void> Verifier::fold(std::uint64_t number) {
  auto batch = reader_->batch(number);
  if (!batch) {
    return fail(batch.error());
  }
  if (!batch->has_value()) {
    return fail(ErrorCode::kCorrupt, "it is missing");
  }
  std::vector<core::Event>& events = (*batch)->events;
  if (auto filled = settings_.fill_settings(events); !filled) {
    return filled;
  }
  for (const core::Event& event : events) {
    core::apply(state_, event);
    std::visit(folded_, event);
  }
  ++report_.batches;
  report_.events += events.size();
  clear_suspicions(events);
  // A run that ended is compared now and leaves memory, as it did in the scheduler.
  for (const RunId id : state_.retired_runs) {
    const core::LiveRun* const ended = state_.find_run(id);
    if (ended == nullptr) {
      continue;
    }
    if (auto compared = compare_run(*ended); !compared) {
      return compared;
    }
  }
  core::retire_finished(state_);
  state_.unsettled = {};
  state_.dirty_runs.clear();
  return {};
}

void Verifier::compare(std::string_view what, bool is_equal) {
  if (!is_equal && report_.faults.size() < kMaxFaults) {
    report_.faults.push_back(std::string(what) + ": not what the events say");
  }
}

Result<void> Verifier::compare_run(const core::LiveRun& run) {
  ++report_.runs;
  const auto stored = reader_->run(run.record.id);
  if (!stored) {
    return fail(stored.error());
  }
  const RunId id = run.record.id;
  const std::string name = "run " + to_string(id);
  if (!stored->has_value()) {
    suspect(id, name, false);
    return {};
  }
  const core::StoredRun folded = core::to_stored(run);
  suspect(id, name, (*stored)->record == folded.record);
  suspect(id, "the tasks of " + name, (*stored)->tasks == folded.rows);
  suspect(id, "the details of " + name, (*stored)->details == folded.details);
  return {};
}

void Verifier::suspect(RunId run, std::string_view what, bool is_equal) {
  if (!is_equal && suspicions_.size() < kMaxSuspicions) {
    suspicions_[run].emplace_back(what);
  }
}

void Verifier::clear_suspicions(const std::vector<core::Event>& events) {
  for (const core::Event& event : events) {
    const auto* repaired = std::get_if<core::RunRepaired>(&event);
    const auto* deleted = std::get_if<core::RunDeleted>(&event);
    if (repaired != nullptr || deleted != nullptr) {
      suspicions_.erase(repaired != nullptr ? repaired->run->id : deleted->run);
    }
  }
}

Result<void> Verifier::compare_live() {
  for (const auto& entry : state_.runs) {
    if (auto compared = compare_run(*entry.second); !compared) {
      return compared;
    }
  }
  for (const auto& [run, whats] : suspicions_) {
    for (const std::string& what : whats) {
      compare(what, false);
    }
  }
  const auto recovered = store_.recover();
  if (!recovered) {
    return fail(recovered.error());
  }
  bool has_same_runs = recovered->runs.size() == state_.runs.size();
  for (const core::StoredRun& run : recovered->runs) {
    has_same_runs = has_same_runs && state_.runs.contains(run.record.id);
  }
  compare("the list of unfinished runs", has_same_runs);
  compare("the epoch", recovered->epoch == state_.epoch);
  compare("the id counter", recovered->next_id == state_.next_id);

  std::vector<core::WorkerRecord> workers;
  for (const auto& entry : state_.workers) {
    workers.push_back(entry.second.record);
  }
  compare("the list of workers", recovered->workers == workers);
  std::vector<core::ScheduleRecord> schedules;
  for (const auto& entry : state_.schedules) {
    schedules.push_back(entry.second);
  }
  compare("the list of schedules", recovered->schedules == schedules);
  std::vector<core::PoolRecord> pools;
  for (const auto& entry : state_.pools) {
    pools.push_back(entry.second);
  }
  compare("the list of pools", recovered->pools == pools);
  return {};
}

template <typename Key, typename Read>
Result<void> Verifier::compare_all(std::string_view what,
                                   const Latest<Key>& folded,
                                   const Read& read) {
  for (const auto& [key, expected] : folded) {
    const Result<std::string> stored = read(key);
    if (!stored) {
      return fail(stored.error());
    }
    compare(what, *stored == expected);
  }
  return {};
}

Result<void> Verifier::compare_declarations() {
  auto compared =
      compare_all("a job", folded_.jobs, [this](JobId job) { return encoded(reader_->job(job)); });
  if (!compared) {
    return compared;
  }
  const auto jobs = reader_->jobs(JobId{}, folded_.jobs.size() + 1);
  if (!jobs) {
    return fail(jobs.error());
  }
  compare("the list of jobs", jobs->size() == folded_.jobs.size());
  const auto deployments = reader_->deployments();
  if (!deployments) {
    return fail(deployments.error());
  }
  compare("the list of deployments", deployments->size() == folded_.deployments.size());
  for (const core::DeploymentRecord& deployment : *deployments) {
    const auto folded = folded_.deployments.find(deployment.id);
    compare("deployment " + to_string(deployment.id),
            folded != folded_.deployments.end() && folded->second == encode(deployment));
    const auto versions = reader_->deployment_versions(deployment.id);
    if (!versions) {
      return fail(versions.error());
    }
    compare("the versions of deployment " + to_string(deployment.id),
            !versions->empty() && versions->front() == deployment);
  }
  return {};
}

Result<void> Verifier::compare_deliveries() {
  const auto alerts = compare_all(
      "an alert", folded_.alerts, [this](AlertId alert) { return encoded(reader_->alert(alert)); });
  if (!alerts) {
    return alerts;
  }
  const auto receipts = compare_all("a receipt", folded_.receipts, [this](const std::string& key) {
    return encoded(reader_->receipt(key));
  });
  if (!receipts) {
    return receipts;
  }
  return compare_all(
      "a hook secret", folded_.hook_secrets, [this](const std::pair<JobId, std::string>& key) {
        return encoded(reader_->hook_secret(key.first, key.second));
      });
}

}  // namespace

Result<VerifyReport> verify(const Store& store) {
  return Verifier(store).run();
}

}  // namespace sheaf::store
