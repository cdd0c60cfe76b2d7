#include "bundles/identities.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bundles/unknown_fields.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kOwner = "IS_OWNER";

using Names = std::vector<std::string>;

const Names& bundle_levels() {
  static const Names kAll = {"CAN_VIEW", "CAN_RUN", "CAN_MANAGE"};
  return kAll;
}

const Names& job_levels() {
  static const Names kAll = {"CAN_VIEW", "CAN_MANAGE_RUN", "CAN_RUN", "CAN_MANAGE", "IS_OWNER"};
  return kAll;
}

const Names& principals() {
  static const Names kAll = {"user_name", "group_name", "service_principal_name"};
  return kAll;
}

bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "user_name=ann" of what names one principal; nothing otherwise.
std::optional<std::string> principal_of(const Value& entry) {
  Names named;
  for (const std::string& kind : principals()) {
    if (const Value* name = find(entry, kind)) {
      named.push_back(kind + "=" + name->text);
    }
  }
  return named.size() == 1 ? std::optional(named.front()) : std::nullopt;
}

class Identities {
 public:
  Identities(const std::string& deployer, Findings& findings)
      : deployer_(deployer), findings_(findings) {}

  void check_run_as(const Value& run_as, const std::string& path) {
    if (run_as.is_unresolved) {
      return;
    }
    const bool has_user = find(run_as, "user_name") != nullptr;
    const bool has_service = find(run_as, "service_principal_name") != nullptr;
    if (has_user == has_service) {
      findings_.error(
          {.summary = has_user ? "`run_as` names two: user_name and service_principal_name"
                               : "`run_as` names nobody",
           .detail = "Write either user_name or service_principal_name below it."},
          path,
          places_of(run_as));
    }
  }

  /// The entries of the list that mean something.
  std::vector<Value> read(const Value& list, const std::string& path, const Names& levels) {
    std::vector<Value> entries;
    if (list.is_unresolved) {
      return entries;
    }
    if (!list.is_list()) {
      drop("expected a list of maps, found " + std::string(kind_word(list.kind)), path, list);
      return entries;
    }
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const Value& entry = list.items[i];
      if (entry.is_unresolved || !is_permission(entry, item_path(path, i), levels)) {
        continue;
      }
      entries.push_back(entry);
    }
    return entries;
  }

  /// `own` and what the bundle says of others.
  [[nodiscard]] Value for_job(std::vector<Value> own,
                              const std::vector<Value>& of_bundle,
                              const Value& job) const {
    const std::size_t own_count = own.size();
    for (const Value& entry : of_bundle) {
      const bool is_known = std::any_of(
          own.begin(),
          own.begin() + static_cast<std::ptrdiff_t>(own_count),
          [&](const Value& known) { return principal_of(known) == principal_of(entry); });
      if (!is_known) {
        own.push_back(entry);
      }
    }
    for (Value& entry : own) {
      if (text_at(entry, "level") == "CAN_RUN") {
        find(entry, "level")->text = "CAN_MANAGE_RUN";
      }
    }
    add_owner(own, job);
    Value list = make_list(job.place);
    list.items = std::move(own);
    return list;
  }

 private:
  bool is_permission(const Value& entry, const std::string& path, const Names& levels) {
    if (!entry.is_map()) {
      return drop("expected a map, found " + std::string(kind_word(entry.kind)), path, entry);
    }
    const Value* level = find(entry, "level");
    if (level == nullptr || !level->is_scalar()) {
      return drop("the permission has no level", path, entry);
    }
    if (level->is_unresolved) {
      return false;
    }
    if (!contains(levels, level->text)) {
      return drop("there is no level \"" + level->text + "\" here" +
                      model::did_you_mean(level->text, levels),
                  member_path(path, "level"),
                  *level);
    }
    if (!principal_of(entry)) {
      return drop("a permission names one of user_name, group_name and service_principal_name",
                  path,
                  entry);
    }
    std::vector<std::string> known = principals();
    known.emplace_back("level");
    warn_unknown_fields(entry, known, path, findings_);
    return true;
  }

  bool drop(std::string summary, const std::string& path, const Value& value) {
    findings_.warning({.summary = std::move(summary), .detail = "The permission is ignored."},
                      path,
                      places_of(value));
    return false;
  }

  void add_owner(std::vector<Value>& entries, const Value& job) const {
    const bool has_owner = std::ranges::any_of(
        entries, [](const Value& entry) { return text_at(entry, "level") == kOwner; });
    if (has_owner) {
      return;
    }
    std::erase_if(entries,
                  [this](const Value& entry) { return text_at(entry, "user_name") == deployer_; });
    Value owner = make_map(job.place);
    put(owner, "level", make_string(std::string(kOwner), job.place));
    put(owner, "user_name", make_string(deployer_, job.place));
    entries.push_back(std::move(owner));
  }

  const std::string& deployer_;
  Findings& findings_;
};

void settle_job(Identities& identities,
                Member& job,
                const Value* run_as,
                const std::vector<Value>& of_bundle) {
  const std::string path = "resources.jobs." + job.key;
  if (const Value* own = find(job.value, "run_as")) {
    identities.check_run_as(*own, member_path(path, "run_as"));
  } else if (run_as != nullptr) {
    put(job.value, "run_as", *run_as);
  }
  const Value* own = find(job.value, "permissions");
  if (own == nullptr && of_bundle.empty()) {
    return;
  }
  std::vector<Value> entries =
      own == nullptr ? std::vector<Value>{}
                     : identities.read(*own, member_path(path, "permissions"), job_levels());
  put(job.value, "permissions", identities.for_job(std::move(entries), of_bundle, job.value));
}

}  // namespace

void apply_identities(Value& configuration, const std::string& deployer, Findings& findings) {
  Identities identities(deployer, findings);
  const Value* run_as = find(configuration, "run_as");
  if (run_as != nullptr) {
    identities.check_run_as(*run_as, "run_as");
  }
  const Value* permissions = find(configuration, "permissions");
  const std::vector<Value> of_bundle =
      permissions == nullptr ? std::vector<Value>{}
                             : identities.read(*permissions, "permissions", bundle_levels());
  Value* resources = find(configuration, "resources");
  Value* jobs = resources == nullptr ? nullptr : find(*resources, "jobs");
  if (jobs == nullptr) {
    return;
  }
  for (Member& job : jobs->members) {
    if (job.value.is_map()) {
      settle_job(identities, job, run_as, of_bundle);
    }
  }
}

}  // namespace sheaf::bundles
