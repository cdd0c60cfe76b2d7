// Explanations: from State, or from the rows of a run that is over, to reasons. Pure reading.
#pragma once

#include "common/base/result.h"
#include "scheduler/core/command.h"
#include "scheduler/core/explanation.h"
#include "scheduler/core/facts.h"

namespace sheaf::core {

struct LiveRun;
struct State;

/// Child runs that an explanation follows, one below the other.
inline constexpr int kMaxExplainedLevels = 3;
/// Reasons of one list, and of a whole explanation; `kMore` says that some were left out.
inline constexpr std::size_t kMaxListedReasons = 10;
inline constexpr std::size_t kMaxReasons = 300;

/// Why the live run, or the task of it that `what` names, is where it is. Fails with kNotFound when
/// there is no such task. O(tasks and their dependencies), and a bounded part of the ready queue.
[[nodiscard]] Result<Explanation> explain(const State& state,
                                          const LiveRun& run,
                                          const Explain& what);

/// The same of a run that is over, from its rows.
[[nodiscard]] Result<Explanation> explain_finished(StoredRun stored, const Explain& what);

/// Whether and when something will start runs of the job, and what would hold them up.
[[nodiscard]] std::vector<Reason> explain_job(const State& state,
                                              const JobRecord& job,
                                              const model::JobSettings& settings);

[[nodiscard]] Reason explain_skipped(const SkippedFire& fire);
[[nodiscard]] Reason explain_missing_secret(const std::string& hook);

}  // namespace sheaf::core
