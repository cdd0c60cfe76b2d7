#include "bundles/run_job_check.h"

#include <algorithm>
#include <map>
#include <string>

#include "common/base/limits.h"

namespace sheaf::bundles {

namespace {

// Nobody nests so many jobs; what is deeper is reported as too deep without being walked.
constexpr std::size_t kMaxWalk = 1'000;

struct Call {
  std::string callee;
  std::string path;  ///< Of its job_id.
};
using Calls = std::map<std::string, std::vector<Call>>;

void add_call(const model::TaskSettings& task, const std::string& path, std::vector<Call>& calls) {
  if (const auto* run_job = std::get_if<model::RunJobTask>(&task.action)) {
    if (!run_job->resource_key.empty()) {
      calls.push_back({.callee = run_job->resource_key, .path = path + ".run_job_task.job_id"});
    }
  } else if (const auto* for_each = std::get_if<model::ForEachTask>(&task.action)) {
    for (const model::TaskSettings& repeated : for_each->task) {
      add_call(repeated, path + ".for_each_task.task", calls);
    }
  }
}

Calls calls_of(const std::vector<JobResource>& resources) {
  Calls calls;
  for (const JobResource& job : resources) {
    std::vector<Call>& of_job = calls[job.key];
    for (std::size_t i = 0; i < job.settings.tasks.size(); ++i) {
      add_call(job.settings.tasks[i], job.key + "." + item_path("tasks", i), of_job);
    }
  }
  return calls;
}

class CallWalk {
 public:
  CallWalk(const Value& jobs,
           const Calls& calls,
           const std::set<std::string>& skipped,
           Findings& findings)
      : jobs_(jobs), calls_(calls), skipped_(skipped), findings_(findings) {}

  /// The longest chain of run-job tasks that begins at `key`.
  int depth_of(const std::string& key) {
    const auto calls = calls_.find(key);
    if (calls == calls_.end()) {
      return 0;
    }
    if (const auto known = depths_.find(key); known != depths_.end()) {
      return known->second;
    }
    if (stack_.size() >= kMaxWalk) {
      return limits::kMaxRunJobDepth + 1;
    }
    stack_.push_back(key);
    int depth = 0;
    for (const Call& call : calls->second) {
      depth = std::max(depth, depth_through(call));
    }
    stack_.pop_back();
    depths_[key] = depth;
    return depth;
  }

 private:
  int depth_through(const Call& call) {
    if (skipped_.contains(call.callee)) {
      report("the job \"" + call.callee + "\" is skipped and cannot be run",
             "Remove the task, or name a job that is deployed.",
             call);
      return 0;
    }
    if (const auto start = std::ranges::find(stack_, call.callee); start != stack_.end()) {
      std::string circle;
      for (auto step = start; step != stack_.end(); ++step) {
        circle += *step + " → ";
      }
      report("jobs run each other in a circle: " + circle + call.callee,
             "Remove one of these run_job_tasks.",
             call);
      return 0;
    }
    const int depth = depth_of(call.callee) + 1;
    // Reported where the chain becomes too long, not again for every job in front of it.
    if (depth == limits::kMaxRunJobDepth + 1) {
      report(
          "more than " + std::to_string(limits::kMaxRunJobDepth) + " jobs run one another in a row",
          "Put the tasks of one of these jobs into the job that runs it.",
          call);
    }
    return depth;
  }

  void report(std::string summary, std::string cure, const Call& call) {
    findings_.error({.summary = std::move(summary), .detail = std::move(cure)},
                    "resources.jobs." + call.path,
                    places_of(*follow(jobs_, call.path).value));
  }

  const Value& jobs_;
  const Calls& calls_;
  const std::set<std::string>& skipped_;
  Findings& findings_;
  std::vector<std::string> stack_;
  std::map<std::string, int> depths_;
};

}  // namespace

void check_run_jobs(const Value& jobs,
                    const std::vector<JobResource>& resources,
                    const std::set<std::string>& skipped,
                    Findings& findings) {
  const Calls calls = calls_of(resources);
  CallWalk walk(jobs, calls, skipped, findings);
  for (const JobResource& job : resources) {
    walk.depth_of(job.key);
  }
}

}  // namespace sheaf::bundles
