#include "bundles/resource_kinds.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/printable.h"
#include "common/model/field_table.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kJobs = "jobs";

class ResourceChecker {
 public:
  ResourceChecker(Unsupported treatment, Findings& findings)
      : treatment_(treatment), findings_(findings) {}

  std::vector<std::string> run(const Value& resources) {
    for (const Member& kind : resources.members) {
      check_kind(kind);
    }
    return std::move(skipped_);
  }

 private:
  void check_kind(const Member& kind) {
    const std::string path = "resources." + kind.key;
    const std::vector<std::string>& known = resource_kinds();
    if (std::ranges::find(known, kind.key) == known.end()) {
      findings_.warning({.summary = "unknown kind of resource \"" + kind.key + "\"" +
                                    model::did_you_mean(kind.key, known),
                         .detail = "The resources below it are ignored."},
                        path,
                        {kind.key_place});
      return;
    }
    if (kind.value.is_null()) {
      return;
    }
    if (!kind.value.is_map()) {
      findings_.error({.summary = "`" + kind.key + "` is a map of resources", .detail = ""},
                      path,
                      {kind.value.place});
      return;
    }
    for (const Member& resource : kind.value.members) {
      check_key(kind.key, resource);
      if (kind.key == kJobs) {
        check_job(resource);
      } else {
        report(kind.key, resource);
      }
    }
  }

  void check_key(const std::string& kind, const Member& resource) {
    if (resource.key.empty() || printable(resource.key) != resource.key) {
      findings_.error({.summary = "not a key of a resource",
                       .detail = "Write a name without control characters, as `wine_retraining`."},
                      "resources." + kind + "." + resource.key,
                      {resource.key_place});
    }
    const auto [known, is_new] = keys_.emplace(resource.key, resource.key_place);
    if (!is_new) {
      findings_.error({.summary = "the resource key \"" + resource.key + "\" is used twice",
                       .detail = "Keys are unique over all kinds of resources: rename one."},
                      "resources." + kind + "." + resource.key,
                      {resource.key_place, known->second});
    }
  }

  void check_job(const Member& job) {
    if (!job.value.is_map()) {
      findings_.error({.summary = "a job is a map, not " + std::string(kind_word(job.value.kind)),
                       .detail = ""},
                      "resources.jobs." + job.key,
                      {job.key_place});
    }
  }

  void report(const std::string& kind, const Member& resource) {
    const std::string path = "resources." + kind + "." + resource.key;
    if (treatment_ == Unsupported::kSkipped) {
      skipped_.push_back(kind + "." + resource.key);
      findings_.warning(
          {.summary = "\"" + resource.key + "\" is skipped: Sheaf does not run " + kind,
           .detail = "Nothing is deployed for it."},
          path,
          {resource.key_place});
      return;
    }
    findings_.error(
        {.summary = "Sheaf does not run " + kind + ": \"" + resource.key + "\" cannot be deployed",
         .detail = "Remove it from this target, or move it to a bundle of its own."},
        path,
        {resource.key_place});
  }

  Unsupported treatment_;
  Findings& findings_;
  std::map<std::string, Location> keys_;
  std::vector<std::string> skipped_;
};

// The kinds of the task that it gives something for; of a for-each task those of what it repeats.
std::vector<std::string> kinds_of(const Value& task) {
  std::vector<std::string> kinds;
  for (const Member& member : task.members) {
    const model::Field* field = model::find_job_field("tasks[]." + member.key);
    if (field == nullptr || !member.key.ends_with("_task") || member.value.is_null()) {
      continue;
    }
    const bool is_refused = field->treatment == model::Treatment::kRefused;
    const bool is_empty = member.value.is_map() && member.value.members.empty();
    if (is_refused && is_empty) {
      continue;
    }
    const Value* repeated = member.key == "for_each_task" && member.value.is_map()
                                ? find(member.value, "task")
                                : nullptr;
    if (repeated != nullptr) {
      return kinds_of(*repeated);
    }
    kinds.push_back(is_refused ? member.key : "");
  }
  return kinds;
}

// The kinds when all tasks are of kinds that do not run; empty otherwise.
std::set<std::string> unsupported_kinds(const Value& job) {
  std::set<std::string> all;
  const Value* tasks = find(job, "tasks");
  for (std::size_t i = 0; tasks != nullptr && i < tasks->items.size(); ++i) {
    const std::vector<std::string> kinds = kinds_of(tasks->items[i]);
    if (kinds.empty() || std::ranges::find(kinds, "") != kinds.end()) {
      return {};
    }
    all.insert(kinds.begin(), kinds.end());
  }
  return all;
}

}  // namespace

const std::vector<std::string>& resource_kinds() {
  static const std::vector<std::string> kAll = {"alerts",
                                                "apps",
                                                "catalogs",
                                                "clusters",
                                                "dashboards",
                                                "database_catalogs",
                                                "database_instances",
                                                "experiments",
                                                "external_locations",
                                                "genie_spaces",
                                                "job_runs",
                                                "jobs",
                                                "model_serving_endpoints",
                                                "models",
                                                "pipelines",
                                                "postgres_branches",
                                                "postgres_endpoints",
                                                "postgres_projects",
                                                "quality_monitors",
                                                "registered_models",
                                                "schemas",
                                                "secret_scopes",
                                                "sql_warehouses",
                                                "synced_database_tables",
                                                "vector_search_endpoints",
                                                "vector_search_indexes",
                                                "volumes"};
  return kAll;
}

std::vector<std::string> check_resources(const Value& configuration,
                                         Unsupported treatment,
                                         Findings& findings) {
  const Value* resources = find(configuration, "resources");
  if (resources == nullptr) {
    return {};
  }
  if (!resources->is_map()) {
    findings.error({.summary = "`resources` is a map of kinds", .detail = ""},
                   "resources",
                   {resources->place});
    return {};
  }
  return ResourceChecker(treatment, findings).run(*resources);
}

std::set<std::string> skip_unsupported_jobs(const Value& jobs, Findings& findings) {
  std::set<std::string> skipped;
  for (const Member& job : jobs.members) {
    std::string listed;
    for (const std::string& kind : unsupported_kinds(job.value)) {
      listed += (listed.empty() ? "" : ", ") + kind;
    }
    if (listed.empty()) {
      continue;
    }
    skipped.insert(job.key);
    findings.warning(
        {.summary = "the job \"" + job.key + "\" is skipped: Sheaf does not run " + listed,
         .detail = "Nothing is deployed for it."},
        "resources.jobs." + job.key,
        {job.key_place});
  }
  return skipped;
}

}  // namespace sheaf::bundles
