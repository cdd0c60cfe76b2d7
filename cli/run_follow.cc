#include "cli/run_follow.h"

#include "cli/attempt_log.h"
#include "cli/console.h"
#include "cli/progress.h"
#include "cli/run_watch.h"
#include "common/os/clocks.h"

namespace sheaf::cli {

Result<ExitStatus> follow_run(const Invocation& invocation,
                              PatientScheduler& scheduler,
                              std::int64_t run_id) {
  Progress progress(Progress::style_of_stderr());
  const auto answer = watch_run(scheduler, run_id, [&progress](const RunView& run) {
    progress.show(run, os::wall_time());
    return progress.poll_wait();
  });
  if (!answer) {
    return fail(answer.error(), "run " + std::to_string(run_id));
  }
  const RunView run = read_run(*answer);
  if (invocation.wants_json()) {
    print_json(*answer);
  } else if (auto printed = print_outputs(scheduler, run); !printed) {
    return fail(printed.error());
  }
  if (has_succeeded(run)) {
    return ExitStatus::kSuccess;
  }
  say("Run " + std::to_string(run_id) + " ended as " + run.state +
      (run.message.empty() ? "" : ": " + printable(run.message)));
  return ExitStatus::kRunFailed;
}

}  // namespace sheaf::cli
