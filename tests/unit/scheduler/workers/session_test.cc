#include "scheduler/workers/session.h"

#include <gtest/gtest.h>

namespace sheaf::workers {
namespace {

constexpr Milliseconds kAgain{100};

Milliseconds at(int ms) {
  return Milliseconds{ms};
}

Session a_session() {
  return Session({.session = 77, .worker = WorkerId{1}, .name = "w", .connection = "c"}, 7);
}

wire::Lease a_lease(std::uint64_t fence = 9) {
  return {.spec = {.attempt = AttemptId{5},
                   .run = RunId{4},
                   .job = JobId{3},
                   .job_name = "j",
                   .task_key = "t",
                   .fence = fence,
                   .arguments = {"true"}},
          .token = "token"};
}

wire::Cancel a_cancel() {
  return {.attempt = AttemptId{5}, .fence = 9, .grace = at(5'000)};
}

std::vector<wire::SchedulerMessage> sent(Session& session) {
  std::vector<wire::SchedulerMessage> messages;
  for (const std::string& bytes : session.take_frames()) {
    const wire::SchedulerFrame frame = wire::decode_scheduler_frame(bytes).value();
    EXPECT_EQ(frame.header.epoch, 7U);
    EXPECT_EQ(frame.header.session, 77U);
    messages.insert(messages.end(), frame.messages.begin(), frame.messages.end());
  }
  return messages;
}

using Messages = std::vector<wire::SchedulerMessage>;

TEST(Session, ALeaseIsRepeatedUntilItIsAnswered) {
  Session session = a_session();
  ASSERT_TRUE(session.lease(a_lease(), at(0)).has_value());
  EXPECT_EQ(sent(session), Messages{a_lease()});
  session.resend(at(99), kAgain);
  EXPECT_FALSE(session.has_unsent());
  session.resend(at(100), kAgain);
  EXPECT_EQ(sent(session), Messages{a_lease()});
  EXPECT_FALSE(session.settle_lease(AttemptId{5}, 8));
  EXPECT_TRUE(session.settle_lease(AttemptId{5}, 9));
  session.resend(at(1'000), kAgain);
  EXPECT_FALSE(session.has_unsent());
}

TEST(Session, ANewLeaseOfAnAttemptReplacesTheOld) {
  Session session = a_session();
  ASSERT_TRUE(session.lease(a_lease(9), at(0)).has_value());
  ASSERT_TRUE(session.lease(a_lease(10), at(1)).has_value());
  static_cast<void>(sent(session));
  EXPECT_FALSE(session.settle_lease(AttemptId{5}, 9));
  session.resend(at(500), kAgain);
  EXPECT_EQ(sent(session), Messages{a_lease(10)});
}

TEST(Session, ACancelTakesTheLeasesPlaceUntilTheResult) {
  Session session = a_session();
  ASSERT_TRUE(session.lease(a_lease(), at(0)).has_value());
  session.cancel(a_cancel(), at(10));
  EXPECT_EQ(sent(session), (Messages{a_lease(), a_cancel()}));
  session.resend(at(110), kAgain);
  EXPECT_EQ(sent(session), Messages{a_cancel()});
  session.settle_attempt(AttemptId{5}, 9);
  session.resend(at(1'000), kAgain);
  EXPECT_FALSE(session.has_unsent());
}

TEST(Session, AResultOfAnotherLeaseSettlesNothing) {
  Session session = a_session();
  session.cancel(a_cancel(), at(0));
  static_cast<void>(sent(session));
  session.settle_attempt(AttemptId{5}, 8);
  session.resend(at(100), kAgain);
  EXPECT_EQ(sent(session), Messages{a_cancel()});
}

TEST(Session, AnAttemptThatFitsNoFrameIsNotOwed) {
  Session session = a_session();
  wire::Lease lease = a_lease();
  lease.spec.arguments.assign(30, std::string(60'000, 'x'));
  EXPECT_EQ(session.lease(lease, at(0)).error().code, ErrorCode::kExhausted);
  session.resend(at(1'000), kAgain);
  EXPECT_FALSE(session.has_unsent());
}

TEST(Session, MessagesOfATurnShareAFrame) {
  Session session = a_session();
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(session.tell(wire::ResultAck{.attempt = AttemptId{i}, .fence = 1}).has_value());
  }
  EXPECT_EQ(session.take_frames().size(), 1U);
  EXPECT_FALSE(session.has_unsent());
}

}  // namespace
}  // namespace sheaf::workers
