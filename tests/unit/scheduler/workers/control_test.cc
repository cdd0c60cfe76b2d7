// The conversation with workers, with a core whose answers the test gives.
#include "scheduler/workers/control.h"

#include <deque>
#include <filesystem>

#include <gtest/gtest.h>

#include "common/transport/poller.h"
#include "common/wire/frame.h"
#include "scheduler/store/store.h"
#include "scheduler/workers/mail.h"

namespace sheaf::workers {
namespace {

using core::ReportSilence;

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    store_ = store::open_store(folder_).value();
    mail_ = std::make_shared<Mail>(
        std::shared_ptr<transport::Wakeup>(transport::Wakeup::create().value()));
    settings_.attempt_token = [](AttemptId) { return std::string("token"); };
    owners_ = std::make_unique<AttemptOwners>(*store_);
    control_ = std::make_unique<Control>(
        Control::Parts{.settings = settings_,
                       .owners = *owners_,
                       .presence = presence_,
                       .mail = mail_,
                       .post =
                           [this](core::Command command, engine::OnOutcome done) {
                             posted_.push_back({std::move(command), std::move(done)});
                           },
                       .send =
                           [this](const std::string&, std::string_view bytes) {
                             const auto frame = wire::decode_scheduler_frame(bytes);
                             for (const wire::SchedulerMessage& message : frame->messages) {
                               if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
                                 session_ = welcome->session;
                               }
                             }
                             return Result<void>{};
                           },
                       .boot_time = [this] { return now_; },
                       .wall_time = [] { return kNoTime; }},
        Control::Beginning{.epoch = 1, .fence = 0, .workers = {{.id = kWorker, .name = "w"}}});
  }
  void TearDown() override {
    control_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void send(wire::FrameHeader& header, const wire::WorkerMessage& message) {
    const auto encoded = wire::encode_message(message);
    for (std::string& frame : wire::make_frames(wire::FrameKind::kWorker, header, {*encoded})) {
      control_->receive({.connection = "w", .user = "w", .bytes = std::move(frame)});
    }
  }
  void send_register() {
    wire::FrameHeader header;
    send(header, wire::Register{.name = "w", .boot_id = "boot", .slots = 1});
  }
  /// The core registers the worker that asked last; the session that begins.
  wire::FrameHeader answer_registration() {
    const engine::Waiting waiting = std::move(posted_.back());
    posted_.pop_back();
    waiting.on_outcome(core::RegisterReply{.worker = kWorker, .epoch = 1});
    control_->take_letters();
    return {.version = wire::kFirstVersion, .epoch = 1, .session = session_};
  }

  /// Time passes without a break that would count as the scheduler's own absence.
  void pass(Milliseconds time) {
    for (const Milliseconds end = now_ + time; now_ < end;) {
      now_ += settings_.suspect_after / 3;
      static_cast<void>(control_->keep_time());
    }
  }

  [[nodiscard]] std::vector<ReportSilence::Verdict> verdicts() const {
    std::vector<ReportSilence::Verdict> found;
    for (const engine::Waiting& waiting : posted_) {
      if (const auto* report = std::get_if<ReportSilence>(&waiting.command)) {
        found.push_back(report->verdict);
      }
    }
    return found;
  }

  static constexpr WorkerId kWorker{7};
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "sheaf-control-test";
  Milliseconds now_{1'000'000};
  std::uint64_t session_ = 0;  ///< Of the last WELCOME.
  Settings settings_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<Mail> mail_;
  std::unique_ptr<AttemptOwners> owners_;
  Guarded<std::vector<WorkerPresence>> presence_;
  std::deque<engine::Waiting> posted_;
  std::unique_ptr<Control> control_;
};

TEST_F(ControlTest, AVerdictThatOvertakesARegistrationIsTakenBack) {
  send_register();
  ASSERT_EQ(posted_.size(), 1U);
  // While the core is slow to register it, the worker's silence has lasted too long.
  pass(settings_.suspect_after);
  ASSERT_EQ(verdicts(), (std::vector{ReportSilence::Verdict::kSuspect}));
  posted_.front().on_outcome(core::RegisterReply{.worker = kWorker, .epoch = 1});
  control_->take_letters();
  EXPECT_EQ(verdicts(),
            (std::vector{ReportSilence::Verdict::kSuspect, ReportSilence::Verdict::kHeardAgain}));
}

TEST_F(ControlTest, ARefusalOfTheSessionBeforeIsTakenBackInTheNext) {
  send_register();
  wire::FrameHeader first = answer_registration();
  send(first, wire::Rejected{.attempt = AttemptId{5}, .fence = 1, .reason = "disk full"});
  ASSERT_EQ(posted_.size(), 1U);
  send_register();
  wire::FrameHeader second = answer_registration();
  posted_.front().on_outcome(core::Reply{});
  control_->take_letters();
  send(second, wire::Heartbeat{});
  EXPECT_EQ(verdicts(), (std::vector{ReportSilence::Verdict::kHeardAgain}));
}

}  // namespace
}  // namespace sheaf::workers
