// Clusters are not run: a job cluster is a name under which tasks ask for the same of a worker.
#include <map>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/resources.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

using Clusters = std::map<std::string, ResourceRequest>;

Clusters compile_clusters(const json::object& document, Findings& findings) {
  Clusters clusters;
  for (const IndexedObject& block : objects_at(document, "job_clusters")) {
    const std::string path = indexed_path("job_clusters", block.index);
    const std::string key = string_at(*block.object, "job_cluster_key").value_or("");
    ResourceRequest needs;
    if (const json::object* sheaf = object_at(*block.object, "sheaf")) {
      needs = compile_resources(*sheaf, member_path(path, "sheaf"), findings);
    }
    if (!clusters.emplace(key, std::move(needs)).second) {
      report(findings,
             member_path(path, "job_cluster_key"),
             "two job clusters have the key \"" + key + "\"");
    }
  }
  return clusters;
}

// A task that names no program takes no place on a worker and asks for nothing.
bool has_attempts(const TaskSettings& task) {
  return std::holds_alternative<CommandTask>(task.action) || is_python(task.action);
}

void apply_cluster(const json::object& block,
                   const std::string& path,
                   const Clusters& clusters,
                   TaskSettings& task,
                   Findings& findings) {
  const std::optional<std::string> key = string_at(block, "job_cluster_key");
  if (!key) {
    return;
  }
  const auto cluster = clusters.find(*key);
  if (cluster != clusters.end()) {
    if (has_attempts(task)) {
      add_needs(task.resources, cluster->second);
    }
    return;
  }
  std::vector<std::string> keys;
  for (const auto& [known, needs] : clusters) {
    keys.push_back(known);
  }
  report(findings,
         member_path(path, "job_cluster_key"),
         "there is no job cluster \"" + *key + "\"" + did_you_mean(*key, keys),
         "Declare it under `job_clusters` of the job, or remove the key.");
}

}  // namespace

void apply_job_clusters(const json::object& document,
                        std::vector<TaskSettings>& tasks,
                        Findings& findings) {
  const Clusters clusters = compile_clusters(document, findings);
  for (const IndexedObject& block : objects_at(document, "tasks")) {
    if (block.index >= tasks.size()) {
      return;  // More tasks than are allowed: reported, and not compiled.
    }
    const std::string path = indexed_path("tasks", block.index);
    TaskSettings& task = tasks[block.index];
    apply_cluster(*block.object, path, clusters, task, findings);
    auto* for_each = std::get_if<ForEachTask>(&task.action);
    if (for_each == nullptr || for_each->task.empty()) {
      continue;
    }
    if (const json::object* inner = object_at(*object_at(*block.object, "for_each_task"), "task")) {
      apply_cluster(*inner,
                    member_path(path, "for_each_task.task"),
                    clusters,
                    for_each->task.front(),
                    findings);
    }
  }
}

}  // namespace sheaf::model
