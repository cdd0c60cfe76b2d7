#include "bundles/examination.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "bundles/files.h"
#include "bundles/needs.h"
#include "bundles/task_code.h"
#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kJobs = "resources.jobs.";

bool is_before(const SourcePlace& left, const SourcePlace& right) {
  return std::pair(left.line, left.column) < std::pair(right.line, right.column);
}

// The task that begins nearest above `place` in its file.
std::optional<std::size_t> nearest_task(const std::vector<std::vector<SourcePlace>>& tasks,
                                        const SourcePlace& place) {
  using Start = std::pair<SourcePlace, std::size_t>;
  std::vector<Start> above;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const SourcePlace& start : tasks[i]) {
      above.emplace_back(start, i);
    }
  }
  std::erase_if(above, [&place](const Start& start) {
    return start.first.file != place.file || is_before(place, start.first);
  });
  const auto nearest = std::ranges::max_element(above, is_before, &Start::first);
  return nearest == above.end() ? std::nullopt : std::optional(nearest->second);
}

class Examiner {
 public:
  explicit Examiner(const LoadedBundle& bundle) : bundle_(bundle) {}

  Examination run() {
    for (const JobResource& job : bundle_.jobs) {
      begin_job(job);
    }
    for (const Diagnostic& diagnostic : bundle_.diagnostics) {
      place(diagnostic);
    }
    if (!bundle_.jobs.empty()) {
      look_at_code();
    }
    return std::move(result_);
  }

 private:
  void begin_job(const JobResource& job) {
    JobExamination& examined = result_.jobs.emplace_back();
    examined.key = job.key;
    examined.place = job.places.empty() ? SourcePlace{} : job.places.front();
    tasks_.push_back(tasks_of(job.settings_json));
    for (std::size_t i = 0; i < tasks_.back().size(); ++i) {
      const TaskCode& task = tasks_.back()[i];
      const bool has_place = i < job.task_places.size() && !job.task_places[i].empty();
      examined.tasks.push_back({.key = task.key,
                                .kind = task.kind,
                                .place = has_place ? job.task_places[i].front() : SourcePlace{},
                                .reasons = {}});
    }
  }

  void place(const Diagnostic& diagnostic) {
    const std::optional<std::size_t> job = find_job(diagnostic.path);
    if (!job) {
      result_.findings.push_back(diagnostic);
      return;
    }
    if (diagnostic.severity != Severity::kError) {
      return;
    }
    const std::string_view rest =
        std::string_view(diagnostic.path).substr(kJobs.size() + bundle_.jobs[*job].key.size());
    if (const std::optional<std::size_t> task = find_task(*job, rest, diagnostic)) {
      result_.jobs[*job].tasks[*task].reasons.push_back(reason_of(diagnostic));
    } else {
      result_.jobs[*job].reasons.push_back(reason_of(diagnostic));
    }
  }

  // Keys may hold dots: the longest one counts.
  [[nodiscard]] std::optional<std::size_t> find_job(std::string_view path) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < bundle_.jobs.size(); ++i) {
      const std::string start = std::string(kJobs) + bundle_.jobs[i].key;
      const bool is_here =
          path.starts_with(start) && (path.size() == start.size() || path[start.size()] == '.');
      if (is_here && (!best || bundle_.jobs[*best].key.size() < bundle_.jobs[i].key.size())) {
        best = i;
      }
    }
    return best;
  }

  // By where it stands, since tasks are sorted after some of the findings were made; else by its
  // index.
  [[nodiscard]] std::optional<std::size_t> find_task(std::size_t job,
                                                     std::string_view rest,
                                                     const Diagnostic& diagnostic) const {
    constexpr std::string_view kTasks = ".tasks[";
    if (!rest.starts_with(kTasks)) {
      return std::nullopt;
    }
    std::size_t index = 0;
    std::from_chars(rest.data() + kTasks.size(), rest.data() + rest.size(), index);
    if (!diagnostic.places.empty()) {
      index =
          nearest_task(bundle_.jobs[job].task_places, diagnostic.places.front()).value_or(index);
    }
    return index < result_.jobs[job].tasks.size() ? std::optional(index) : std::nullopt;
  }

  static Reason reason_of(const Diagnostic& diagnostic) {
    Reason reason{.verdict = Verdict::kRefused,
                  .subject = {},
                  .summary = diagnostic.summary,
                  .cure = diagnostic.detail,
                  .place = diagnostic.places.empty() ? SourcePlace{} : diagnostic.places.front()};
    const std::string_view path = diagnostic.path;
    const std::string_view kind = path.substr(path.rfind('.') + 1);
    if (const std::string_view need = need_of_kind(kind); !need.empty()) {
      reason.verdict = Verdict::kNeeds;
      reason.subject = need;
    }
    return reason;
  }

  void look_at_code() {
    const auto files = list_files(bundle_.sync);
    TaskCodeReader reader(
        bundle_.sync, files ? files->names : std::vector<std::string>{}, bundle_.workspace);
    for (std::size_t job = 0; job < tasks_.size(); ++job) {
      for (std::size_t task = 0; task < tasks_[job].size(); ++task) {
        TaskExamination& examined = result_.jobs[job].tasks[task];
        std::vector<Reason> reasons = reader.examine(tasks_[job][task], examined.place);
        std::ranges::move(reasons, std::back_inserter(examined.reasons));
      }
    }
  }

  const LoadedBundle& bundle_;
  Examination result_;
  /// Of each job.
  std::vector<std::vector<TaskCode>> tasks_;
};

std::string joined_subjects(const std::vector<Reason>& reasons, Verdict verdict) {
  std::vector<std::string> subjects;
  std::string text;
  for (const Reason& reason : reasons) {
    if (reason.verdict == verdict &&
        std::ranges::find(subjects, reason.subject) == subjects.end()) {
      subjects.push_back(reason.subject);
      text += (text.empty() ? "" : ", ") + reason.subject;
    }
  }
  return text;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRuns:
      return "runs";
    case Verdict::kRunsWithPackages:
      return "runs_with";
    case Verdict::kNeeds:
      return "needs";
    case Verdict::kRefused:
      return "refused";
  }
  check_failed(__FILE__, __LINE__, "verdict", "not a Verdict");
}

Verdict verdict_of(const std::vector<Reason>& reasons) {
  Verdict worst = Verdict::kRuns;
  for (const Reason& reason : reasons) {
    worst = std::max(worst, reason.verdict);
  }
  return worst;
}

std::string verdict_text(const std::vector<Reason>& reasons) {
  const Verdict verdict = verdict_of(reasons);
  switch (verdict) {
    case Verdict::kRuns:
    case Verdict::kRefused:
      return std::string(to_string(verdict));
    case Verdict::kRunsWithPackages:
      return "runs with dependencies: [" + joined_subjects(reasons, verdict) + "]";
    case Verdict::kNeeds:
      return "needs " + joined_subjects(reasons, verdict);
  }
  check_failed(__FILE__, __LINE__, "verdict", "not a Verdict");
}

bool Examination::is_runnable() const {
  const auto is_in_the_way = [](const Diagnostic& finding) {
    const bool is_other_resource =
        finding.path.starts_with("resources.") && !finding.path.starts_with("resources.jobs");
    return finding.severity == Severity::kError && !is_other_resource;
  };
  const auto runs = [](const auto& examined) {
    return verdict_of(examined.reasons) <= Verdict::kRunsWithPackages;
  };
  return std::ranges::none_of(findings, is_in_the_way) &&
         std::ranges::all_of(jobs, [&runs](const JobExamination& job) {
           return runs(job) && std::ranges::all_of(job.tasks, runs);
         });
}

Examination examine_bundle(const LoadedBundle& bundle) {
  return Examiner(bundle).run();
}

}  // namespace sheaf::bundles
