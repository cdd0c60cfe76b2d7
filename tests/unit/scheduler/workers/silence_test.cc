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
  return {{.suspect_after = at(15), .lease_over_after = at(100), .start_grace = at(0)}, at(0)};
}

/// The verdicts of timely turns up to and with `end`.
std::vector<ReportSilence> turn_until(SilenceWatch& watch, int begin, int end) {
  std::vector<ReportSilence> all;
  for (int now = begin; now <= end; ++now) {
    for (const ReportSilence& report : watch.due(at(now))) {
      all.push_back(report);
    }
  }
  return all;
}

TEST(SilenceWatch, SuspectsOnceAfterTheSilence) {
  SilenceWatch watch = a_watch();
  EXPECT_TRUE(turn_until(watch, 1, 1'000).empty());
  watch.begin(kWorker, at(1'000));
  EXPECT_TRUE(watch.due(at(1'014)).empty());
  const auto reports = watch.due(at(1'015));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].worker, kWorker);
  EXPECT_EQ(reports[0].verdict, Verdict::kSuspect);
  EXPECT_TRUE(turn_until(watch, 1'016, 1'050).empty());
}

TEST(SilenceWatch, TakesASuspicionBackOnce) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  EXPECT_FALSE(watch.hear(kWorker, at(10)).has_value());
  EXPECT_TRUE(turn_until(watch, 11, 24).empty());
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
  static_cast<void>(watch.hear(kWorker, at(10)));
  EXPECT_EQ(turn_until(watch, 11, 109).size(), 1U);
  const auto reports = watch.due(at(110));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].verdict, Verdict::kLeaseOver);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
}

TEST(SilenceWatch, AfterItsOwnAbsenceItListensBeforeItJudges) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  EXPECT_TRUE(watch.due(at(10)).empty());
  // The machine slept for far longer than a lease; the worker's heartbeat is on its way.
  EXPECT_TRUE(watch.due(at(5'000)).empty());
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kHeard);
  EXPECT_FALSE(watch.hear(kWorker, at(5'005)).has_value());
  EXPECT_TRUE(turn_until(watch, 5'006, 5'019).empty());
  // One that stays silent is judged by what the watch then hears itself.
  EXPECT_EQ(watch.due(at(5'020)).at(0).verdict, Verdict::kSuspect);
  EXPECT_TRUE(turn_until(watch, 5'021, 5'104).empty());
  EXPECT_EQ(watch.due(at(5'105)).at(0).verdict, Verdict::kLeaseOver);
}

TEST(SilenceWatch, GivesNoLeaseUpBeforeTheGraceIsOver) {
  SilenceWatch watch({.suspect_after = at(15), .lease_over_after = at(100), .start_grace = at(300)},
                     at(0));
  watch.begin(kWorker, at(0));
  ASSERT_EQ(turn_until(watch, 1, 299).size(), 1U);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kSuspect);
  // Away itself: the grace begins anew.
  EXPECT_TRUE(watch.due(at(1'000)).empty());
  EXPECT_TRUE(turn_until(watch, 1'001, 1'299).empty());
  ASSERT_EQ(watch.due(at(1'300)).size(), 1U);
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
}

TEST(SilenceWatch, OnlyARegistrationBringsAWorkerBackAfterItsLease) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  EXPECT_EQ(turn_until(watch, 1, 200).size(), 2U);
  EXPECT_FALSE(watch.hear(kWorker, at(201)).has_value());
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kLeaseOver);
  watch.begin(kWorker, at(202));
  EXPECT_EQ(watch.standing(kWorker), SilenceWatch::Standing::kHeard);
  EXPECT_EQ(turn_until(watch, 203, 217).size(), 1U);
}

TEST(SilenceWatch, GivesAVerdictAgainThatDidNotArrive) {
  SilenceWatch watch = a_watch();
  watch.begin(kWorker, at(0));
  const auto suspect = turn_until(watch, 1, 20).at(0);
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
  EXPECT_TRUE(turn_until(watch, 1, 1'000).empty());
}

}  // namespace
}  // namespace sheaf::workers
