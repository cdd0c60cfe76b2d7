#include "cli/run_watch.h"

namespace sheaf::cli {
namespace {

std::string path_of(std::int64_t run_id) {
  return "/api/sheaf/v1/runs/" + std::to_string(run_id);
}

}  // namespace

Result<boost::json::object> get_run(PatientScheduler& scheduler, std::int64_t run_id) {
  return scheduler.send({.path = path_of(run_id)});
}

Result<boost::json::object> poll_run(PatientScheduler& scheduler,
                                     std::int64_t run_id,
                                     std::int64_t version,
                                     Milliseconds wait) {
  return scheduler.send({.path = path_of(run_id) + "?wait_ms=" + std::to_string(wait.count()) +
                                 "&version=" + std::to_string(version),
                         .wait = wait});
}

Result<boost::json::object> watch_run(PatientScheduler& scheduler,
                                      std::int64_t run_id,
                                      const std::function<Milliseconds(const RunView&)>& show) {
  auto answer = get_run(scheduler, run_id);
  while (answer) {
    const RunView run = read_run(*answer);
    const Milliseconds wait = show(run);
    if (has_ended(run)) {
      return answer;
    }
    answer = poll_run(scheduler, run_id, run.version, wait);
  }
  return answer;
}

}  // namespace sheaf::cli
