#include "scheduler/workers/silence.h"

#include <gtest/gtest.h>

namespace sheaf::workers {
namespace {

using Verdict = ReportSilence::Verdict;
constexpr WorkerId kWorker{1};

Milliseconds at(int ms) {
  return Milliseconds{ms};
}

SilenceWatch a_watch() {
  return SilenceWatch(
      {.suspect_after = at(15), .lease_over_after = at(100), .no_loss_before = at(0)});
}

TEST(SilenceWatch, SuspectsOnceAfterTheSilence) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(1'000));
  EXPECT_TRUE(watch.due(at(1'014)).empty());
  const auto reports = watch.due(at(1'015));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].worker, kWorker);
  EXPECT_EQ(reports[0].verdict, Verdict::kSuspect);
  EXPECT_TRUE(watch.due(at(1'050)).empty());
}

TEST(SilenceWatch, TakesASuspicionBackOnce) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  EXPECT_FALSE(watch.hear(kWorker, at(10)).has_value());
  EXPECT_TRUE(watch.due(at(24)).empty());
  EXPECT_EQ(watch.due(at(25)).size(), 1U);
  const auto report = watch.hear(kWorker, at(26));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->verdict, Verdict::kHeardAgain);
  EXPECT_FALSE(watch.hear(kWorker, at(27)).has_value());
}

TEST(SilenceWatch, AWorkerThatRefusedALeaseIsHeardAgainWithItsNextMessage) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  watch.note_refusal(kWorker);
  EXPECT_TRUE(watch.due(at(10)).empty());
  const auto report = watch.hear(kWorker, at(11));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->verdict, Verdict::kHeardAgain);
}

TEST(SilenceWatch, GivesTheLeaseUpFromTheLastMessage) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  static_cast<void>(watch.hear(kWorker, at(50)));
  static_cast<void>(watch.due(at(149)));
  const auto reports = watch.due(at(150));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].verdict, Verdict::kLeaseOver);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
}

TEST(SilenceWatch, ALongPauseSkipsTheSuspicion) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  const auto reports = watch.due(at(500));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].verdict, Verdict::kLeaseOver);
  EXPECT_TRUE(watch.due(at(501)).empty());
}

TEST(SilenceWatch, GivesNoLeaseUpBeforeTheGraceIsOver) {
  SilenceWatch watch(
      {.suspect_after = at(15), .lease_over_after = at(100), .no_loss_before = at(300)});
  watch.begin(kWorker, at(0));
  ASSERT_EQ(watch.due(at(299)).size(), 1U);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kSuspect);
  ASSERT_EQ(watch.due(at(300)).size(), 1U);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
}

TEST(SilenceWatch, OnlyARegistrationBringsAWorkerBackAfterItsLease) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  static_cast<void>(watch.due(at(200)));
  EXPECT_FALSE(watch.hear(kWorker, at(201)).has_value());
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
  watch.begin(kWorker, at(202));
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kHeard);
  EXPECT_EQ(watch.due(at(217)).size(), 1U);
}

TEST(SilenceWatch, GivesAVerdictAgainThatDidNotArrive) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  const auto suspect = watch.due(at(20)).at(0);
  watch.retract(suspect);
  EXPECT_EQ(watch.due(at(21)).at(0).verdict, Verdict::kSuspect);
  const auto heard = watch.hear(kWorker, at(22)).value();
  watch.retract(heard);
  EXPECT_EQ(watch.hear(kWorker, at(23)).value().verdict, Verdict::kHeardAgain);
}

TEST(SilenceWatch, AnUnknownWorkerHasNoStanding) {
  SilenceWatch watch = a_watch();
  EXPECT_FALSE(watch.hear(kWorker, at(1)).has_value());
  EXPECT_FALSE(watch.standing(kWorker).has_value());
  EXPECT_TRUE(watch.due(at(1'000)).empty());
}

}  // namespace
}  // namespace sheaf::workers
