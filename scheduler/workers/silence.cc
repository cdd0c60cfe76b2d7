#include "scheduler/workers/silence.h"

#include "common/base/planted.h"

namespace sheaf::workers {

using Verdict = ReportSilence::Verdict;

void SilenceWatch::begin(WorkerId worker, Milliseconds now) {
  entries_[worker] = {.last_heard = now, .standing = Standing::kHeard};
}

std::optional<ReportSilence> SilenceWatch::hear(WorkerId worker, Milliseconds now) {
  const auto found = entries_.find(worker);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  Entry& entry = found->second;
  entry.last_heard = now;
  if (entry.standing != Standing::kSuspect) {
    return std::nullopt;  // After the end of its lease only a registration brings a worker back.
  }
  entry.standing = Standing::kHeard;
  return ReportSilence{.worker = worker, .verdict = Verdict::kHeardAgain};
}

void SilenceWatch::note_refusal(WorkerId worker) {
  const auto found = entries_.find(worker);
  if (found != entries_.end() && found->second.standing == Standing::kHeard) {
    found->second.standing = Standing::kSuspect;
  }
}

std::vector<ReportSilence> SilenceWatch::due(Milliseconds now) {
  const bool is_late =
      now - last_turn_ > limits_.suspect_after && !planted::has("workers.wall_clock_lease");
  last_turn_ = now;
  if (is_late) {
    begin_anew(now);
  }
  std::vector<ReportSilence> reports;
  for (auto& [worker, entry] : entries_) {
    const Standing standing = judge(entry, now);
    if (standing <= entry.standing) {
      continue;
    }
    entry.standing = standing;
    reports.push_back(
        {.worker = worker,
         .verdict = standing == Standing::kLeaseOver ? Verdict::kLeaseOver : Verdict::kSuspect});
  }
  return reports;
}

void SilenceWatch::retract(const ReportSilence& report) {
  const auto found = entries_.find(report.worker);
  if (found == entries_.end()) {
    return;
  }
  switch (report.verdict) {
    case Verdict::kSuspect:
    case Verdict::kLeaseOver:
      found->second.standing = Standing::kHeard;
      return;
    case Verdict::kHeardAgain:
      found->second.standing = Standing::kSuspect;
      return;
  }
}

std::optional<SilenceWatch::Standing> SilenceWatch::standing(WorkerId worker) const {
  const auto found = entries_.find(worker);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.standing);
}

void SilenceWatch::begin_anew(Milliseconds now) {
  no_loss_before_ = now + limits_.start_grace;
  for (auto& [worker, entry] : entries_) {
    entry.last_heard = now;
  }
}

SilenceWatch::Standing SilenceWatch::judge(const Entry& entry, Milliseconds now) const {
  const Milliseconds silence = now - entry.last_heard;
  if (silence >= limits_.lease_over_after && now >= no_loss_before_) {
    return Standing::kLeaseOver;
  }
  return silence >= limits_.suspect_after ? Standing::kSuspect : Standing::kHeard;
}

}  // namespace sheaf::workers
