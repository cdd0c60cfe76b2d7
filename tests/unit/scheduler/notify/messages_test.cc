#include "scheduler/notify/messages.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "common/model/webhook_secret.h"
#include "scheduler/notify/notifier.h"

namespace sheaf::notify {
namespace {

core::AlertRecord an_alert() {
  return {.id = {12},
          .event = core::AlertEvent::kFailure,
          .target = {.destination = "ann@example.org"},
          .run = {9},
          .job = {4},
          .job_name = "wine",
          .run_state = core::RunState::kFailed,
          .message = "Task train failed with message: boom"};
}

Origin an_origin() {
  return {.scheduler_id = "6f0d", .workspace_id = "77", .scheduler_url = "http://127.0.0.1:7437"};
}

TEST(MessageId, IsOfThisInstallation) {
  EXPECT_EQ(message_id(an_alert(), an_origin()), "sheaf-alert-6f0d-12");
  Origin other = an_origin();
  other.scheduler_id = "9a1b";
  EXPECT_NE(message_id(an_alert(), other), message_id(an_alert(), an_origin()));
}

TEST(WebhookBody, HasTheDocumentedShapeAndTheResultBesideIt) {
  const auto body = boost::json::parse(webhook_body(an_alert(), an_origin())).as_object();
  EXPECT_EQ(body.at("event_type"), "jobs.on_failure");
  EXPECT_EQ(body.at("workspace_id"), "77");
  EXPECT_EQ(body.at("run").at("run_id"), "9");
  EXPECT_EQ(body.at("job").at("job_id"), "4");
  EXPECT_EQ(body.at("job").at("name"), "wine");
  EXPECT_EQ(body.at("sheaf").at("alert_id"), "sheaf-alert-6f0d-12");
  EXPECT_EQ(body.at("sheaf").at("result"), "FAILED");
  EXPECT_EQ(body.at("sheaf").at("message"), "Task train failed with message: boom");
}

// The example of the Standard Webhooks specification.
TEST(WebhookSignature, AgreesWithTheSpecification) {
  EXPECT_EQ(webhook_signature(model::webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value(),
                              "msg_p5jXN8AQM9LWM0D4loKWxJek",
                              "1614265330",
                              R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(MailText, AJobsNameCannotAddHeaders) {
  core::AlertRecord alert = an_alert();
  alert.job_name = "wine\r\nBcc: all@example.org";
  const std::string mail = mail_text(alert, "sheaf@example.org", an_origin());
  EXPECT_EQ(mail.find("\nBcc:"), std::string::npos);
  EXPECT_NE(mail.find("Subject: [Sheaf] wine  Bcc: all@example.org: run 9 FAILED\r\n"),
            std::string::npos);
}

TEST(MailText, EncodesNamesThatAreNotAscii) {
  core::AlertRecord alert = an_alert();
  alert.job_name = "Güte";
  EXPECT_NE(mail_text(alert, "s@example.org", an_origin()).find("Subject: =?UTF-8?B?"),
            std::string::npos);
}

TEST(RetryWait, DoublesUpToTheLongest) {
  const RetrySettings settings{.first_wait = Milliseconds{1'000},
                               .longest_wait = Milliseconds{60'000}};
  EXPECT_EQ(retry_wait(settings, 1, 1.0).count(), 1'000);
  EXPECT_EQ(retry_wait(settings, 4, 1.0).count(), 8'000);
  EXPECT_EQ(retry_wait(settings, 40, 1.0).count(), 60'000);
  EXPECT_EQ(retry_wait(settings, 40, 0.0).count(), 30'000);
}

TEST(NextTry, HeedsWhatTheReceiverAsksForWithinLimits) {
  const RetrySettings settings{.give_up_after = std::chrono::hours(3)};
  core::AlertRecord alert = an_alert();
  alert.tries = 1;
  alert.created = from_epoch_ms(0);
  const auto next = [&alert, &settings](Milliseconds asked, Timestamp now) {
    return next_try(settings, alert, {.retry_after = asked}, now, 1.0);
  };
  const Timestamp soon = from_epoch_ms(5'000);
  EXPECT_EQ(next(Milliseconds{0}, soon), soon + Milliseconds{1'000});
  EXPECT_EQ(next(std::chrono::minutes(10), soon), soon + std::chrono::minutes(10));
  EXPECT_EQ(next(std::chrono::hours(9'999), soon), soon + std::chrono::hours(1));
  // The last try comes when it is time to give up, however long the receiver wants to be spared.
  const Timestamp late = alert.created + std::chrono::minutes(150);
  EXPECT_EQ(next(std::chrono::hours(1), late), alert.created + settings.give_up_after);
}

}  // namespace
}  // namespace sheaf::notify
