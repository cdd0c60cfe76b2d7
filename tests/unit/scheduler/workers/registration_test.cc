// Who gets a session, and what a message outside of one is worth.
#include "tests/unit/scheduler/workers/port_fixture.h"

namespace sheaf::workers {
namespace {

constexpr Milliseconds kSilence{300};

TEST_F(PortTest, AnEnrolledWorkerGetsASession) {
  const auto worker = a_worker();
  const wire::Welcome welcome = worker->join();
  EXPECT_EQ(welcome.epoch, epoch_);
  EXPECT_NE(welcome.session, 0U);
  EXPECT_TRUE(welcome.worker.is_valid());
  EXPECT_EQ(welcome.lease, settings_.lease);
  EXPECT_EQ(welcome.heartbeat_interval, settings_.heartbeat_interval);
  EXPECT_EQ(welcome.http_base_url, "http://127.0.0.1:7");
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::HeartbeatAck>().has_value());
}

TEST_F(PortTest, AWorkerWithAForeignKeyIsNotHeard) {
  const auto stranger = connect("w", transport::generate_keys().value());
  const std::string bytes =
      wire::encode(wire::WorkerFrame{.messages = {stranger->registration()}}).value();
  EXPECT_FALSE(eventually([&] { return stranger->try_send(bytes); }, kSilence));
  EXPECT_FALSE(stranger->take<wire::Welcome>().has_value());
  EXPECT_EQ(store_->read()->workers().value().size(), 0U);
}

TEST_F(PortTest, AWorkerCannotTakeAnothersName) {
  const auto impostor = a_worker_with_key_of("victim", "mallory");
  impostor->send(impostor->registration());
  const auto refused = impostor->receive<wire::Refused>();
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->reason.find("mallory"), std::string::npos);
  EXPECT_EQ(store_->read()->workers().value().size(), 0U);
}

TEST_F(PortTest, AWorkerCannotSpeakInAnothersSession) {
  const auto owner = a_worker("owner");
  static_cast<void>(owner->join());
  const auto thief = a_worker("thief");
  thief->header = owner->header;
  thief->send(wire::Heartbeat{});
  EXPECT_TRUE(thief->receive<wire::RegisterAgain>().has_value());
  EXPECT_FALSE(thief->take<wire::HeartbeatAck>().has_value());
  owner->send(wire::Heartbeat{});
  EXPECT_TRUE(owner->receive<wire::HeartbeatAck>().has_value());
}

TEST_F(PortTest, AMessageWithoutASessionAsksForARegistration) {
  const auto worker = a_worker();
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::RegisterAgain>().has_value());
}

TEST_F(PortTest, AMessageOfAnEarlierEpochAsksForARegistration) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const wire::FrameHeader earlier = worker->header;
  stop();
  start();
  worker = a_worker();
  worker->header = earlier;
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::RegisterAgain>().has_value());
  EXPECT_EQ(worker->join().epoch, earlier.epoch + 1);
}

TEST_F(PortTest, ANewRegistrationEndsTheEarlierSession) {
  const auto first = a_worker();
  static_cast<void>(first->join());
  const auto second = a_worker();
  const wire::Welcome welcome = second->join();
  EXPECT_NE(welcome.session, first->header.session);
  first->send(wire::Heartbeat{});
  EXPECT_TRUE(first->receive<wire::RegisterAgain>().has_value());
  second->send(wire::Heartbeat{});
  EXPECT_TRUE(second->receive<wire::HeartbeatAck>().has_value());
}

TEST_F(PortTest, AReconnectionKeepsTheSession) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  worker->reconnect();
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::HeartbeatAck>().has_value());
}

TEST_F(PortTest, AWorkerOfAnotherProtocolIsToldSo) {
  const auto worker = a_worker();
  wire::Register message = worker->registration();
  message.min_version = 2;
  message.max_version = 9;
  worker->send(message);
  const auto refused = worker->receive<wire::Refused>();
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->reason.find("versions 2 to 9"), std::string::npos);
  message.min_version = 1;
  worker->send(message);
  const auto welcome = worker->receive<wire::Welcome>();
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(welcome->version, wire::kMaxVersion);
}

TEST_F(PortTest, AnOldCopyOfTheStoreGetsNoWorkers) {
  const auto worker = a_worker();
  worker->highest_epoch = epoch_ + 1;
  worker->send(worker->registration());
  const auto refused = worker->receive<wire::Refused>();
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->reason.find("old copy"), std::string::npos);
  worker->highest_epoch = epoch_;
  worker->highest_fence = 1'000'000;
  worker->send(worker->registration());
  EXPECT_TRUE(worker->receive<wire::Refused>().has_value());
}

TEST_F(PortTest, GarbageFromAnEnrolledWorkerChangesNothing) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  worker->send_raw("GET / HTTP/1.1\r\n\r\n");
  worker->send_raw("");
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::HeartbeatAck>().has_value());
}

TEST_F(PortTest, AttemptsThatNobodyLeasedAreKilledAndForgotten) {
  const auto worker = a_worker();
  const wire::Welcome welcome = worker->join(
      {{.attempt = AttemptId{900}, .fence = 1, .state = wire::HeldAttempt::State::kRunning},
       {.attempt = AttemptId{901}, .fence = 1, .state = wire::HeldAttempt::State::kFinished}});
  EXPECT_EQ(welcome.kill, std::vector<AttemptId>{AttemptId{900}});
  EXPECT_EQ(welcome.forget, std::vector<AttemptId>{AttemptId{901}});
}

TEST_F(PortTest, ManyWorkersAreServedAtOnce) {
  std::vector<std::unique_ptr<TestWorker>> workers;
  for (int i = 0; i < 20; ++i) {
    workers.push_back(a_worker("w" + std::to_string(i)));
    workers.back()->send(workers.back()->registration());
  }
  std::set<WorkerId> ids;
  for (const auto& worker : workers) {
    const auto welcome = worker->receive<wire::Welcome>();
    ASSERT_TRUE(welcome.has_value());
    ids.insert(welcome->worker);
  }
  EXPECT_EQ(ids.size(), workers.size());
}

}  // namespace
}  // namespace sheaf::workers
