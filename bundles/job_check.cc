#include "bundles/job_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bundles/job_tasks.h"
#include "bundles/reach_check.h"
#include "bundles/scalars.h"
#include "common/model/settings_check.h"

namespace sheaf::bundles {

namespace {

// Blocks are shown at their key, one line above their first member; scalars where they stand.
std::vector<Location> places_for(const Found& found, const Location& job_place) {
  const bool is_block = found.value->is_map() || found.value->is_list();
  if (is_block && found.member != nullptr && found.member->key_place.is_known()) {
    return {found.member->key_place};
  }
  std::vector<Location> places = places_of(*found.value);
  if (is_block && !places.empty()) {
    places.resize(1);
  }
  return places.empty() ? std::vector<Location>{job_place} : places;
}

// "required, but not there" needs its subject when it stands alone.
std::string summary_of(const model::SettingsFinding& finding) {
  // The nearest number of 64 bits stands for one beyond them; nobody wrote it.
  if (finding.message.starts_with("9223372036854775807 ") ||
      finding.message.starts_with("-9223372036854775808 ")) {
    return "the number" + finding.message.substr(finding.message.find(' '));
  }
  if (!finding.message.starts_with("required") && !finding.message.starts_with("not supported")) {
    return finding.message;
  }
  const std::size_t dot = finding.path.rfind('.');
  const std::string field = dot == std::string::npos ? finding.path : finding.path.substr(dot + 1);
  return "`" + field + "` is " + finding.message;
}

// A task that fails at once would be repeated as fast as the machine can, for ever.
void check_retries(const Value& task, const std::string& path, Findings& findings) {
  const Value* retries = find(task, "max_retries");
  const Value* interval = find(task, "min_retry_interval_millis");
  const bool has_pause = (interval != nullptr && as_integer(*interval) != 0) ||
                         follow(task, "sheaf.retry.backoff").is_exact();
  if (retries != nullptr && as_integer(*retries) == -1 && !has_pause) {
    findings.warning({.summary = "repeated without limit and without a pause",
                      .detail = "Set min_retry_interval_millis, e.g. 10000, or limit max_retries."},
                     member_path(path, "max_retries"),
                     places_of(*retries));
  }
}

void check_variables(const Value& task, const std::string& path, Findings& findings) {
  const Value* command = find(task, "command_task");
  const Value* variables = command == nullptr ? nullptr : find(*command, "env");
  for (const Member& variable : variables == nullptr ? std::vector<Member>{} : variables->members) {
    const std::string place = member_path(path, "command_task.env." + variable.key);
    if (variable.key.starts_with("SHEAF_")) {
      findings.error({.summary = "\"" + variable.key + "\" belongs to Sheaf, which sets it itself",
                      .detail = "Choose a name that does not begin with SHEAF_."},
                     place,
                     {variable.key_place});
    } else if (variable.key == "TMPDIR") {
      findings.warning({.summary = "\"TMPDIR\" has no effect: each attempt has a folder of its own",
                        .detail = "Remove it, or hand the folder over under another name."},
                       place,
                       {variable.key_place});
    }
  }
}

}  // namespace

model::JobSettings check_job(const Value& job,
                             const Location& place,
                             const std::string& path,
                             const std::string& settings_json,
                             Findings& findings) {
  model::CheckedSettings checked = model::check_job_settings(settings_json);
  for (const model::SettingsFinding& finding : checked.findings) {
    const Found found = follow(job, finding.path);
    if (found.is_exact() && found.value->is_unresolved) {
      continue;
    }
    std::vector<Location> places =
        finding.path.empty() || found.value == &job ? std::vector{place} : places_for(found, place);
    for (const std::string& related : finding.related) {
      for (const Location& other : places_for(follow(job, related), place)) {
        if (std::ranges::find(places, other) == places.end()) {
          places.push_back(other);
        }
      }
    }
    findings.error({.summary = summary_of(finding), .detail = finding.cure},
                   finding.path.empty() ? path : member_path(path, finding.path),
                   places);
  }
  if (checked.findings.empty()) {
    check_reach(job, checked.settings, path, findings);
  }
  visit_tasks(job, path, [&findings](const Value& task, const std::string& task_path) {
    check_retries(task, task_path, findings);
    check_variables(task, task_path, findings);
  });
  return std::move(checked.settings);
}

}  // namespace sheaf::bundles
