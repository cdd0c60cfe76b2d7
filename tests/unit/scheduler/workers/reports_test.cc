// STARTED, VALUES, RESULT and logs: acknowledged when they are durable, not before, however often
// they come.
#include "tests/unit/scheduler/workers/port_fixture.h"

namespace sheaf::workers {
namespace {

class Reports : public PortTest {
 protected:
  void SetUp() override {
    PortTest::SetUp();
    worker_ = a_worker();
    static_cast<void>(worker_->join());
    run_ = submit(a_job());
    const auto lease = worker_->receive<wire::Lease>();
    ASSERT_TRUE(lease.has_value());
    lease_ = *lease;
  }

  wire::Values values(std::uint64_t sequence, std::vector<model::TaskValue> entries) const {
    return {.attempt = lease_.spec.attempt,
            .fence = lease_.spec.fence,
            .sequence = sequence,
            .first = 0,
            .total = static_cast<std::uint32_t>(entries.size()),
            .entries = std::move(entries)};
  }

  wire::Log piece(std::uint64_t offset, std::string bytes) const {
    return {.attempt = lease_.spec.attempt,
            .stream = wire::LogStream::kStdout,
            .offset = offset,
            .bytes = std::move(bytes)};
  }

  std::string stored_log() const {
    return logs_
        ->read({.run = run_, .attempt = lease_.spec.attempt, .stream = wire::LogStream::kStdout},
               0,
               1U << 20U)
        .value()
        .bytes;
  }

  std::unique_ptr<TestWorker> worker_;
  RunId run_;
  wire::Lease lease_;
};

TEST_F(Reports, AResultIsDurableWhenItIsAcknowledged) {
  worker_->send(success(lease_));
  const auto ack = worker_->receive<wire::ResultAck>();
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->attempt, lease_.spec.attempt);
  EXPECT_EQ(ack->fence, lease_.spec.fence);
  EXPECT_EQ(run_state(run_), core::RunState::kSucceeded);
}

TEST_F(Reports, NothingIsAcknowledgedThatTheEngineDidNotCommit) {
  engine_->stop();
  worker_->send(success(lease_));
  worker_->send(wire::Heartbeat{});
  ASSERT_TRUE(worker_->receive<wire::HeartbeatAck>().has_value());
  EXPECT_FALSE(worker_->receive<wire::ResultAck>(Milliseconds{300}).has_value());
}

TEST_F(Reports, ARepeatedResultIsAcknowledgedEachTimeAndRecordedOnce) {
  for (int i = 0; i < 3; ++i) {
    worker_->send(success(lease_));
    EXPECT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  }
  EXPECT_EQ(task_details(run_).attempts.size(), 1U);
  wire::ResultReport contradiction = success(lease_);
  contradiction.outcome.exit_code = 1;
  worker_->send(contradiction);
  EXPECT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run_), core::RunState::kSucceeded);
}

TEST_F(Reports, AResultIsTakenInTheNextSession) {
  stop();
  start();
  worker_ = a_worker();
  static_cast<void>(worker_->join({{.attempt = lease_.spec.attempt,
                                    .fence = lease_.spec.fence,
                                    .state = wire::HeldAttempt::State::kFinished}}));
  worker_->send(success(lease_));
  EXPECT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run_), core::RunState::kSucceeded);
}

TEST_F(Reports, AStartIsAcknowledgedOnceItIsDurable) {
  const Timestamp started = from_epoch_ms(1'760'000'000'000);
  worker_->send(wire::Started{
      .attempt = lease_.spec.attempt, .fence = lease_.spec.fence, .started = started});
  ASSERT_TRUE(worker_->receive<wire::StartedAck>().has_value());
  EXPECT_EQ(task_row(run_).state, core::TaskState::kRunning);
  EXPECT_EQ(task_row(run_).started, started);
}

TEST_F(Reports, ValuesAreStagedUntilTheAttemptSucceeds) {
  worker_->send(values(1, {{.key = "model_update", .json = "1"}}));
  const auto ack = worker_->receive<wire::ValuesAck>();
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->sequence, 1U);
  EXPECT_EQ(ack->refusal, "");
  EXPECT_TRUE(task_details(run_).values.empty());
  EXPECT_EQ(task_details(run_).staged.size(), 1U);
  worker_->send(success(lease_));
  ASSERT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(task_details(run_).values,
            (std::vector<model::TaskValue>{{.key = "model_update", .json = "1"}}));
}

TEST_F(Reports, ALongListOfValuesArrivesInParts) {
  std::vector<model::TaskValue> entries;
  for (int i = 0; i < 60; ++i) {
    entries.push_back({.key = "k" + std::to_string(i),
                       .json = "\"" + std::string(limits::kMaxTaskValueBytes - 2, 'x') + "\""});
  }
  const std::vector<wire::Values> parts = wire::split_values(values(1, entries));
  ASSERT_GT(parts.size(), 2U);
  for (const wire::Values& part : parts) {
    worker_->send(part);
  }
  ASSERT_TRUE(worker_->receive<wire::ValuesAck>().has_value());
  EXPECT_EQ(task_details(run_).staged, entries);
  EXPECT_FALSE(worker_->take<wire::ValuesAck>().has_value());
}

TEST_F(Reports, TooManyValuesAreRefusedForGood) {
  const RunId other = submit(a_job(2));
  const auto first = worker_->receive<wire::Lease>();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->spec.run, other);
  worker_->send(success(lease_));
  const auto second = worker_->receive<wire::Lease>();
  ASSERT_TRUE(second.has_value());
  std::vector<model::TaskValue> many;
  for (std::size_t i = 0; i < limits::kMaxTaskValuesPerRun; ++i) {
    many.push_back({.key = "k" + std::to_string(i), .json = "1"});
  }
  lease_ = *first;
  worker_->send(values(1, many));
  EXPECT_EQ(worker_->receive<wire::ValuesAck>().value().refusal, "");
  worker_->send(success(*first));
  ASSERT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  lease_ = *second;
  worker_->send(values(1, {{.key = "one", .json = "1"}}));
  const auto ack = worker_->receive<wire::ValuesAck>();
  ASSERT_TRUE(ack.has_value());
  EXPECT_NE(ack->refusal.find("task values"), std::string::npos);
}

TEST_F(Reports, AReportOfAnotherLeaseChangesNothingAndIsAcknowledged) {
  wire::ResultReport late = success(lease_);
  late.fence += 1'000;
  worker_->send(late);
  EXPECT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  EXPECT_FALSE(is_terminal(run_state(run_)));
}

TEST_F(Reports, LogBytesAreOnDiskWhenTheyAreAcknowledged) {
  worker_->send_log(piece(0, "hello "));
  auto ack = worker_->receive_log_ack();
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->attempt, lease_.spec.attempt);
  EXPECT_EQ(ack->offset, 6U);
  EXPECT_EQ(ack->credit, settings_.log_credit);
  EXPECT_EQ(stored_log(), "hello ");
  worker_->send_log(piece(6, "world"));
  ack = worker_->receive_log_ack();
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->offset, 11U);
  EXPECT_EQ(stored_log(), "hello world");
}

TEST_F(Reports, RepeatedAndOverlappingLogPiecesAreHarmless) {
  worker_->send_log(piece(0, "hello "));
  ASSERT_TRUE(worker_->receive_log_ack().has_value());
  worker_->send_log(piece(3, "lo world"));
  EXPECT_EQ(worker_->receive_log_ack().value().offset, 11U);
  worker_->send_log(piece(0, "hello "));
  EXPECT_EQ(worker_->receive_log_ack().value().offset, 11U);
  EXPECT_EQ(stored_log(), "hello world");
}

TEST_F(Reports, AGapInALogSendsTheWorkerBack) {
  worker_->send_log(piece(0, "abc"));
  ASSERT_TRUE(worker_->receive_log_ack().has_value());
  worker_->send_log(piece(10, "k"));
  EXPECT_EQ(worker_->receive_log_ack().value().offset, 3U);
}

TEST_F(Reports, AFinishedLogIsAcknowledgedToItsEnd) {
  wire::Log last = piece(0, "all of it");
  last.final_length = 9;
  worker_->send_log(last);
  EXPECT_EQ(worker_->receive_log_ack().value().offset, 9U);
  wire::Log again = piece(9, "");
  again.final_length = 9;
  worker_->send_log(again);
  EXPECT_EQ(worker_->receive_log_ack().value().offset, 9U);
}

TEST_F(Reports, LogsOfFinishedAttemptsAreTakenAfterARestart) {
  worker_->send(success(lease_));
  ASSERT_TRUE(worker_->receive<wire::ResultAck>().has_value());
  stop();
  start();
  worker_ = a_worker();
  worker_->send_log(piece(0, "late bytes"));
  const auto ack = worker_->receive_log_ack();
  ASSERT_TRUE(ack.has_value());
  EXPECT_FALSE(ack->is_unknown);
  EXPECT_EQ(stored_log(), "late bytes");
}

TEST_F(Reports, AnotherWorkersLogIsNotTaken) {
  const auto thief = a_worker("thief");
  static_cast<void>(thief->join());
  thief->send_log(piece(0, "forged"));
  const auto ack = thief->receive_log_ack();
  ASSERT_TRUE(ack.has_value());
  EXPECT_TRUE(ack->is_unknown);
  EXPECT_EQ(stored_log(), "");
}

TEST_F(Reports, ALogOfNoKnownAttemptIsDisowned) {
  worker_->send_log({.attempt = AttemptId{123'456}, .offset = 0, .bytes = "x"});
  EXPECT_TRUE(worker_->receive_log_ack().value().is_unknown);
}

}  // namespace
}  // namespace sheaf::workers
