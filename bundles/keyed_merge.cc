#include "bundles/keyed_merge.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "bundles/merge.h"

namespace sheaf::bundles {

namespace {

struct KeyedList {
  std::string_view kind;  ///< Of the resource; empty: any.
  std::string_view list;
  std::string_view key;
};

constexpr std::array<KeyedList, 5> kLists = {{{"jobs", "tasks", "task_key"},
                                              {"jobs", "job_clusters", "job_cluster_key"},
                                              {"jobs", "parameters", "name"},
                                              {"", "grants", "principal"},
                                              {"apps", "resources", "name"}}};

void merge_lists(const std::string& kind, Member& resource, Findings& findings) {
  const std::string path = "resources." + kind + "." + resource.key;
  for (const KeyedList& keyed : kLists) {
    Value* list = find(resource.value, keyed.list);
    if (list != nullptr && (keyed.kind.empty() || keyed.kind == kind)) {
      merge_by_key(*list, std::string(keyed.key), member_path(path, keyed.list), findings);
    }
  }
  Value* tasks = find(resource.value, "tasks");
  if (tasks != nullptr && kind == "jobs") {
    sort_by_key(*tasks, "task_key");
  }
}

}  // namespace

void merge_keyed_resources(Value& configuration, Findings& findings) {
  Value* resources = find(configuration, "resources");
  if (resources == nullptr) {
    return;
  }
  for (Member& kind : resources->members) {
    if (kind.key == "jobs") {
      std::ranges::sort(kind.value.members, {}, &Member::key);
    }
    for (Member& resource : kind.value.members) {
      merge_lists(kind.key, resource, findings);
    }
  }
}

}  // namespace sheaf::bundles
