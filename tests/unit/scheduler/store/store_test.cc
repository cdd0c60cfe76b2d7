#include "scheduler/store/store.h"

#include <gtest/gtest.h>

#include "scheduler/core/state.h"
#include "tests/unit/scheduler/store/samples.h"
#include "tests/unit/scheduler/store/store_fixture.h"

namespace sheaf::store {
namespace {

using model::RunState;

std::vector<std::int64_t> ids(const Result<std::vector<core::RunRecord>>& runs) {
  std::vector<std::int64_t> found;
  for (const core::RunRecord& run : runs.value()) {
    found.push_back(run.id.value);
  }
  return found;
}

TEST_F(StoreTest, GivesBackEveryRecordAlsoAfterReopening) {
  open();
  Batch batch = next();
  batch.jobs[sample_job().id] = sample_job();
  batch.deployments[sample_deployment().id] = sample_deployment();
  batch.settings["abc"] = "{}";
  batch.schedules[sample_schedule().id] = sample_schedule();
  batch.skipped_fires = {sample_skipped_fire()};
  batch.workers[sample_worker().id] = sample_worker();
  batch.receipts[sample_receipt().key] = sample_receipt();
  batch.alerts[sample_alert().id] = sample_alert();
  batch.hook_secrets = {sample_hook_secret()};
  commit(batch);
  const std::string id = store().id();
  const Head head = store().head();
  close();
  open();
  EXPECT_EQ(store().id(), id);
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(store().head().batch, 1u);
  EXPECT_EQ(store().head().chain, head.chain);
  EXPECT_TRUE(store().notices().empty());
  const auto reader = store().read();
  EXPECT_EQ(reader->job(sample_job().id).value(), sample_job());
  EXPECT_EQ(reader->jobs(JobId{}, 10).value().size(), 1u);
  EXPECT_TRUE(reader->jobs(sample_job().id, 10).value().empty());
  EXPECT_EQ(reader->deployment("wine", "dev").value(), sample_deployment());
  EXPECT_EQ(reader->deployments().value().size(), 1u);
  EXPECT_EQ(reader->settings("abc").value(), "{}");
  EXPECT_EQ(reader->schedules().value().front(), sample_schedule());
  EXPECT_EQ(reader->skipped_fires(JobId{101}, 10).value().front(), sample_skipped_fire());
  EXPECT_EQ(reader->workers().value().front(), sample_worker());
  EXPECT_EQ(reader->receipt(sample_receipt().key).value(), sample_receipt());
  EXPECT_EQ(reader->alert(sample_alert().id).value(), sample_alert());
  EXPECT_EQ(reader->alerts_of_run(RunId{200}).value().front(), sample_alert());
  EXPECT_EQ(reader->hook_secret(JobId{101}, "drift").value(), sample_hook_secret());
}

std::vector<std::uint64_t> versions_in(const Store& store) {
  const auto read = store.read()->deployment_versions(sample_deployment().id);
  std::vector<std::uint64_t> versions;
  for (const core::DeploymentRecord& version : read.value()) {
    versions.push_back(version.version);
  }
  return versions;
}

Batch batch_of_version(Batch batch, std::uint64_t number) {
  core::DeploymentRecord version = sample_deployment();
  version.version = number;
  batch.deployments[version.id] = version;
  batch.deployment_versions.push_back(version);
  return batch;
}

TEST_F(StoreTest, KeepsTheLastHundredVersionsOfADeployment) {
  open();
  // Two in one batch.
  commit(batch_of_version(batch_of_version(next(), 1), 2));
  EXPECT_EQ(versions_in(store()), (std::vector<std::uint64_t>{2, 1}));
  for (std::uint64_t number = 3; number <= 102; ++number) {
    commit(batch_of_version(next(), number));
  }
  const auto versions = versions_in(store());
  EXPECT_EQ(versions.size(), 100U);
  EXPECT_EQ(versions.front(), 102U);
  EXPECT_EQ(versions.back(), 3U);
}

TEST_F(StoreTest, ForgetsARemovedDeploymentWithItsVersions) {
  open();
  commit(batch_of_version(next(), 1));
  Batch batch = next();
  batch.removed_deployments = {
      {.deployment = sample_deployment().id, .bundle = "wine", .target = "dev"}};
  commit(batch);
  EXPECT_TRUE(versions_in(store()).empty());
  EXPECT_EQ(store().read()->deployment("wine", "dev").value(), std::nullopt);
  EXPECT_TRUE(store().read()->deployments().value().empty());
}

TEST_F(StoreTest, TellsWhatIsNotThere) {
  open();
  const auto reader = store().read();
  EXPECT_EQ(reader->job(JobId{1}).value(), std::nullopt);
  EXPECT_EQ(reader->deployment("wine", "dev").value(), std::nullopt);
  EXPECT_EQ(reader->settings("abc").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(reader->run(RunId{1}).value().has_value());
  EXPECT_EQ(reader->receipt("x").value(), std::nullopt);
  EXPECT_EQ(reader->hook_secret(JobId{1}, "x").value(), std::nullopt);
  EXPECT_EQ(reader->run_of_attempt(AttemptId{5}).value(), std::nullopt);
  EXPECT_FALSE(reader->batch(1).value().has_value());
}

TEST_F(StoreTest, RemovesJobsAndSchedules) {
  open();
  Batch batch = next();
  batch.jobs[sample_job().id] = sample_job();
  batch.schedules[sample_schedule().id] = sample_schedule();
  commit(batch);
  batch = next();
  batch.jobs[sample_job().id] = std::nullopt;
  batch.schedules[sample_schedule().id] = std::nullopt;
  commit(batch);
  EXPECT_EQ(store().read()->job(sample_job().id).value(), std::nullopt);
  EXPECT_TRUE(store().read()->schedules().value().empty());
}

TEST_F(StoreTest, KeepsTasksOfManyPagesWithTheirDetails) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kRunning, 300));
  commit(batch);
  batch = next();
  Batch::TaskPage page{.run = RunId{200}, .page = 1};
  page.rows.resize(core::kTasksPerPage);
  page.rows[2] = sample_task();
  page.details[130] = sample_details();
  batch.pages = {page};
  commit(batch);
  const auto view = store().read()->run(RunId{200}).value();
  ASSERT_TRUE(view.has_value());
  ASSERT_EQ(view->tasks.size(), 300u);
  EXPECT_EQ(view->tasks[130], sample_task());
  EXPECT_EQ(view->tasks[131], core::TaskRow{});
  EXPECT_EQ(view->details.size(), 1u);
  EXPECT_EQ(view->details.at(130), sample_details());
  batch = next();
  page.details.clear();
  batch.pages = {page};
  commit(batch);
  EXPECT_TRUE(store().read()->run(RunId{200}).value()->details.empty());
}

TEST_F(StoreTest, ReadersKeepTheirMoment) {
  open();
  const auto before = store().read();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kQueued));
  commit(batch);
  EXPECT_FALSE(before->run_record(RunId{200}).value().has_value());
  EXPECT_TRUE(store().read()->run_record(RunId{200}).value().has_value());
}

TEST_F(StoreTest, ListsRunsNewestFirstByEveryFilter) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kRunning));
  add_run(batch, a_run(210, RunState::kQueued));
  add_run(batch, a_run(220, RunState::kSkipped));
  core::RunRecord other = a_run(230, RunState::kRunning);
  other.job = JobId{102};
  add_run(batch, other);
  commit(batch);
  batch = next();
  batch.runs = {a_run(200, RunState::kSucceeded)};
  commit(batch);
  close();
  open();
  const auto reader = store().read();
  const JobId job{101};
  EXPECT_EQ(ids(reader->runs({})), (std::vector<std::int64_t>{230, 220, 210, 200}));
  EXPECT_EQ(ids(reader->runs({.limit = 2})), (std::vector<std::int64_t>{230, 220}));
  EXPECT_EQ(ids(reader->runs({.before = RunId{220}})), (std::vector<std::int64_t>{210, 200}));
  EXPECT_EQ(ids(reader->runs({.job = job})), (std::vector<std::int64_t>{220, 210, 200}));
  EXPECT_EQ(ids(reader->runs({.job = job, .before = RunId{220}, .limit = 1})),
            (std::vector<std::int64_t>{210}));
  EXPECT_EQ(ids(reader->runs({.active_only = true})), (std::vector<std::int64_t>{230, 210}));
  EXPECT_EQ(ids(reader->runs({.job = job, .active_only = true})), (std::vector<std::int64_t>{210}));
  EXPECT_EQ(ids(reader->runs({.job = job, .completed_only = true})),
            (std::vector<std::int64_t>{220, 200}));
  EXPECT_TRUE(ids(reader->runs({.limit = 0})).empty());
}

TEST_F(StoreTest, FindsTheRunOfEveryAttempt) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kRunning, 3));
  batch.events.front().events.push_back(
      core::RetryScheduled{.run = RunId{200}, .task = 1, .attempt = AttemptId{240}});
  add_run(batch, a_run(220, RunState::kRunning, 3));
  commit(batch);
  const auto reader = store().read();
  EXPECT_EQ(reader->run_of_attempt(AttemptId{201}).value(), RunId{200});
  EXPECT_EQ(reader->run_of_attempt(AttemptId{203}).value(), RunId{200});
  EXPECT_EQ(reader->run_of_attempt(AttemptId{204}).value(), std::nullopt);
  EXPECT_EQ(reader->run_of_attempt(AttemptId{221}).value(), RunId{220});
  EXPECT_EQ(reader->run_of_attempt(AttemptId{240}).value(), RunId{200});
  EXPECT_EQ(reader->run_of_attempt(AttemptId{200}).value(), std::nullopt);
}

TEST_F(StoreTest, ADeletedRunLeavesNeitherAttemptsNorAlertsButThoseThatAreStillToBeDelivered) {
  open();
  const auto alert = [](std::int64_t id, core::AlertRecord::State state) {
    core::AlertRecord record = sample_alert();
    record.id = AlertId{id};
    record.run = RunId{200};
    record.state = state;
    return std::pair(record.id, record);
  };
  Batch batch = next();
  add_run(batch, a_run(200, model::RunState::kFailed));
  batch.events.back().events.emplace_back(
      core::RetryScheduled{.run = RunId{200}, .attempt = AttemptId{250}});
  batch.alerts = {alert(301, core::AlertRecord::State::kDelivered),
                  alert(302, core::AlertRecord::State::kPending)};
  commit(batch);
  ASSERT_EQ(store().read()->run_of_attempt(AttemptId{250}).value(), RunId{200});
  batch = next();
  batch.deleted_runs = {RunId{200}};
  commit(batch);
  EXPECT_EQ(store().read()->run_of_attempt(AttemptId{250}).value(), std::nullopt);
  EXPECT_EQ(store().read()->alert(AlertId{301}).value(), std::nullopt);
  EXPECT_EQ(store().read()->pending_alerts(10).value().size(), 1U);
  batch = next();
  batch.alerts = {alert(302, core::AlertRecord::State::kDelivered)};
  commit(batch);
  EXPECT_EQ(store().read()->alert(AlertId{302}).value(), std::nullopt);
  EXPECT_TRUE(store().read()->alerts_of_run(RunId{200}).value().empty());
  EXPECT_TRUE(store().read()->pending_alerts(10).value().empty());
}

TEST_F(StoreTest, ListsPendingAlertsInTheOrderInWhichTheyAreDue) {
  open();
  const auto alert = [](std::int64_t id, std::int64_t next_try) {
    core::AlertRecord record = sample_alert();
    record.id = AlertId{id};
    record.state = core::AlertRecord::State::kPending;
    record.next_try = from_epoch_ms(next_try);
    return record;
  };
  Batch batch = next();
  add_run(batch, a_run(200, model::RunState::kFailed));
  batch.alerts = {{AlertId{301}, alert(301, 3'000)}, {AlertId{302}, alert(302, 1'000)}};
  commit(batch);
  auto pending = store().read()->pending_alerts(10).value();
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending.front().id, AlertId{302});
  batch = next();
  batch.alerts = {{AlertId{302}, alert(302, 5'000)}};
  commit(batch);
  pending = store().read()->pending_alerts(10).value();
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending.front().id, AlertId{301});
  batch = next();
  core::AlertRecord delivered = alert(301, 3'000);
  delivered.state = core::AlertRecord::State::kDelivered;
  batch.alerts = {{AlertId{301}, delivered}};
  commit(batch);
  pending = store().read()->pending_alerts(10).value();
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending.front().id, AlertId{302});
  EXPECT_EQ(store().read()->alerts_of_run(RunId{200}).value().size(), 2u);
}

TEST_F(StoreTest, ListsSkippedFiresNewestFirst) {
  open();
  Batch batch = next();
  for (const std::int64_t nominal : {1'000, 3'000, 2'000}) {
    core::SkippedFire fire = sample_skipped_fire();
    fire.nominal = from_epoch_ms(nominal);
    batch.skipped_fires.push_back(fire);
  }
  commit(batch);
  const auto fires = store().read()->skipped_fires(JobId{101}, 2).value();
  ASSERT_EQ(fires.size(), 2u);
  EXPECT_EQ(fires[0].nominal, from_epoch_ms(3'000));
  EXPECT_EQ(fires[1].nominal, from_epoch_ms(2'000));
}

TEST_F(StoreTest, KeepsTheOrderInWhichABatchWasDecided) {
  open();
  Batch batch = next();
  const RunId first{200};
  const RunId second{210};
  batch.events = {{.run = second, .events = {core::RunStarted{.run = second}}},
                  {.run = RunId{}, .events = {core::WorkerSuspected{.worker = WorkerId{12}}}},
                  {.run = first, .events = {core::RunStarted{.run = first}}},
                  {.run = second, .events = {core::RunFinished{.run = second}}}};
  commit(batch);
  const auto events = store().read()->batch(1).value();
  ASSERT_TRUE(events.has_value());
  EXPECT_EQ(events->epoch, 1u);
  ASSERT_EQ(events->events.size(), 4u);
  EXPECT_EQ(core::run_of(events->events[0]), second);
  EXPECT_TRUE(std::holds_alternative<core::WorkerSuspected>(events->events[1]));
  EXPECT_EQ(core::run_of(events->events[2]), first);
  EXPECT_TRUE(std::holds_alternative<core::RunFinished>(events->events[3]));
}

TEST_F(StoreTest, RecoversUnfinishedRunsAndWhatIsArmedOnly) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kRunning, 2));
  add_run(batch, a_run(210, RunState::kRunning, 2));
  add_run(batch, a_run(220, RunState::kQueued, 2));
  batch.pages.back().details[1] = sample_details();
  batch.pages.back().rows[1] = sample_task();
  batch.workers[sample_worker().id] = sample_worker();
  batch.schedules[sample_schedule().id] = sample_schedule();
  commit(batch);
  batch = next();
  batch.epoch = 4;
  batch.next_id = 2'000'000;
  batch.runs = {a_run(200, RunState::kFailed)};
  commit(batch);
  close();
  open();
  const auto state = store().recover();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->epoch, 4u);
  EXPECT_EQ(state->next_id, 2'000'000);
  ASSERT_EQ(state->runs.size(), 2u);
  EXPECT_EQ(state->runs[0].record.id, RunId{210});
  EXPECT_EQ(state->runs[1].record.id, RunId{220});
  EXPECT_EQ(state->runs[0].settings, state->runs[1].settings) << "one copy of equal settings";
  EXPECT_EQ(state->runs[0].settings->tasks.size(), 2u);
  EXPECT_EQ(state->runs[1].rows[1], sample_task());
  EXPECT_EQ(state->runs[1].details.at(1), sample_details());
  EXPECT_EQ(state->workers, std::vector{sample_worker()});
  EXPECT_EQ(state->schedules, std::vector{sample_schedule()});
}

TEST_F(StoreTest, FillsSettingsOfSubmittedRuns) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, RunState::kRunning, 3));
  commit(batch);
  const auto reader = store().read();
  auto events = reader->batch(1).value()->events;
  SettingsCache settings(*reader);
  ASSERT_TRUE(settings.fill_settings(events));
  EXPECT_EQ(std::get<core::RunSubmitted>(events.front()).settings->tasks.size(), 3u);
}

TEST_F(StoreTest, ChainsEveryBatchToTheOneBefore) {
  open();
  commit(next());
  const std::uint64_t first = store().head().chain;
  commit(next());
  EXPECT_NE(store().head().chain, first);
}

using StoreDeathTest = StoreTest;

TEST_F(StoreDeathTest, RefusesBatchesOutOfOrder) {
  // RocksDB has threads, so the child must not be a mere fork.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  open();
  Batch batch = next();
  batch.number = 2;
  EXPECT_DEATH((void)store().commit(batch), "in order");
}

}  // namespace
}  // namespace sheaf::store
