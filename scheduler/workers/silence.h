// Who was not heard of for how long, and what that means. Pure: times are durations since boot that
// the caller measured.
//
// Who was away itself (a machine that slept, a stopped process) has missed what was said meanwhile:
// after a late turn everybody's silence is counted from that turn on, as after a start.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "scheduler/core/command.h"

namespace sheaf::workers {

using core::ReportSilence;

/// Threads: one.
class SilenceWatch {
 public:
  struct Limits {
    Milliseconds suspect_after{0};
    Milliseconds lease_over_after{0};
    /// No lease is called over sooner than this after a start.
    Milliseconds start_grace{0};
  };
  enum class Standing { kHeard, kSuspect, kLeaseOver };

  SilenceWatch(Limits limits, Milliseconds now)
      : limits_(limits), last_turn_(now), no_loss_before_(now + limits.start_grace) {}

  /// From now on the worker's silence counts. What was reported of it before is void: its
  /// registration took it back.
  void begin(WorkerId worker, Milliseconds now);

  /// The worker spoke in its session. Returns what is to be reported, if anything.
  [[nodiscard]] std::optional<ReportSilence> hear(WorkerId worker, Milliseconds now);

  /// The core gives the worker nothing more since it refused a lease: when it speaks again, that is
  /// to be reported.
  void note_refusal(WorkerId worker);

  /// A turn: verdicts that have become due; each is given once. A turn that comes more than
  /// suspect_after after the one before gives none and begins anew. O(workers).
  [[nodiscard]] std::vector<ReportSilence> due(Milliseconds now);

  /// `report` did not reach the core: it will be given again.
  void retract(const ReportSilence& report);

  [[nodiscard]] std::optional<Standing> standing(WorkerId worker) const;

 private:
  struct Entry {
    Milliseconds last_heard{0};
    Standing standing = Standing::kHeard;
  };

  void begin_anew(Milliseconds now);
  [[nodiscard]] Standing judge(const Entry& entry, Milliseconds now) const;

  Limits limits_;
  Milliseconds last_turn_;
  Milliseconds no_loss_before_;
  std::map<WorkerId, Entry> entries_;
};

}  // namespace sheaf::workers
