// `sheaf deploy`: the bundle's jobs and files, as one atomic change of the scheduler.
#include <algorithm>
#include <optional>
#include <set>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/utf8.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/deployment_plan.h"
#include "cli/json_reading.h"
#include "cli/local_script.h"
#include "cli/upload.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxPlanBytes = 64u << 20;

/// "wine", "jobs.wine" and "resources.jobs.wine" mean the same job.
std::string_view key_of(std::string_view text) {
  for (const std::string_view prefix : {"resources.", "jobs."}) {
    if (text.starts_with(prefix)) {
      text.remove_prefix(prefix.size());
    }
  }
  return text;
}

Result<boost::json::object> job_documents(const bundles::LoadedBundle& bundle) {
  boost::json::object jobs;
  for (const bundles::JobResource& job : bundle.jobs) {
    auto settings = parse_object(job.settings_json, "resources.jobs." + job.key);
    if (!settings) {
      return fail(settings.error());
    }
    jobs[job.key] = std::move(*settings);
  }
  return jobs;
}

std::string paused_notice(const bundles::LoadedBundle& bundle) {
  const std::size_t count = bundle.paused_by_development.size();
  return std::to_string(count) + (count == 1 ? " schedule is" : " schedules are") +
         " paused in target " + printable(bundle.target) +
         " (mode: development); deploy -t prod or set pause_status: UNPAUSED";
}

void print_changes(const bundles::LoadedBundle& bundle,
                   const boost::json::object& answer,
                   const Uploaded& uploaded,
                   std::size_t files) {
  print(changes_text(answer) + "Deployed " + printable(bundle.name) + " to target " +
        printable(bundle.target) + ", version " + std::to_string(number_at(answer, "version")) +
        ": " + std::to_string(files) + " files, of which " + std::to_string(uploaded.files) +
        " were sent (" + std::to_string(uploaded.bytes) + " bytes)\n");
}

/// A file that `sheaf plan -o json` wrote.
Result<boost::json::object> read_plan(const std::filesystem::path& file) {
  const auto text = os::read_file(file, kMaxPlanBytes);
  if (!text) {
    return fail(text.error());
  }
  auto plan = parse_object(*text, "--plan " + file.string());
  if (!plan) {
    return fail(ErrorCode::kInvalid,
                plan.error().message + ": give what `sheaf plan -o json` printed");
  }
  if (text_at(*plan, "digest").empty() || plan->if_contains("version") == nullptr ||
      !plan->at("version").is_int64()) {
    return fail(ErrorCode::kInvalid,
                "--plan " + file.string() + ": no plan; give what `sheaf plan -o json` printed");
  }
  return plan;
}

/// Fails with kConflict unless the plan is of exactly this deployment.
Result<void> check_digest(const boost::json::object& plan, const DesiredDeployment& desired) {
  if (text_at(plan, "bundle") != desired.bundle.name ||
      text_at(plan, "target") != desired.bundle.target) {
    return fail(ErrorCode::kConflict,
                "the plan is for bundle " + text_at(plan, "bundle") + ", target " +
                    text_at(plan, "target") + ": nothing was deployed");
  }
  if (text_at(plan, "digest") != desired.digest()) {
    return fail(ErrorCode::kConflict,
                "the bundle has changed since the plan was made: nothing was deployed; plan again");
  }
  return {};
}

/// The version to deploy upon: the one that was planned for. Fails with kConflict where the plan
/// shows something else than would be done.
Result<std::int64_t> check_plan(Scheduler& scheduler,
                                const boost::json::object& plan,
                                const DesiredDeployment& desired,
                                const StandingDeployment& standing) {
  if (auto checked = check_digest(plan, desired); !checked) {
    return fail(checked.error());
  }
  const std::int64_t version = number_at(plan, "version");
  if (version != standing.version) {
    return version;  // The scheduler refuses it and says who was first.
  }
  const auto now = make_plan(scheduler, desired, standing);
  if (!now) {
    return fail(now.error());
  }
  const auto expected = parse_object(
      bundles::valid_text(boost::json::serialize(plan_json(desired, *now))), "the plan of now");
  if (!expected) {
    return fail(expected.error());
  }
  if (*expected != plan) {
    return fail(ErrorCode::kConflict,
                "the plan was edited: it does not show what would be done; nothing was deployed; "
                "plan again");
  }
  return version;
}

class DeployCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app =
        root.add_subcommand("deploy", "Puts the bundle on the scheduler, all of it or nothing");
    app->add_option("--plan", plan_file_, "Deploy only what `sheaf plan -o json` wrote there")
        ->option_text("FILE");
    app->add_option("--select", selected_, "Deploy this job and leave the others as they are")
        ->option_text("JOB")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->excludes("--plan");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    auto plan = read_given_plan(invocation);
    if (!plan) {
      return fail(plan.error());
    }
    auto prepared = prepare_deployment(invocation);
    if (!prepared) {
      return fail(prepared.error());
    }
    auto& [desired, scheduler] = *prepared;
    if (auto selected = check_selection(desired.bundle); !selected) {
      return fail(selected.error());
    }
    if (auto ran = run_moments(desired.bundle, {"predeploy"}); !ran) {
      return fail(ran.error());
    }
    // The script may have written what shall travel.
    if (auto hashed = hash_again(desired); !hashed) {
      return fail(hashed.error());
    }
    const auto standing = read_standing(scheduler, desired.name());
    if (!standing) {
      return fail(standing.error());
    }
    const auto version =
        *plan ? check_plan(scheduler, **plan, desired, *standing) : standing->version;
    if (!version) {
      return fail(version.error());
    }
    boost::json::array kept = select(desired, *standing);
    const auto uploaded = upload_tree(scheduler, desired.bundle.sync.root, desired.tree);
    if (!uploaded) {
      return fail(uploaded.error());
    }
    auto answer = deploy(scheduler, desired, *version, std::move(kept));
    if (!answer) {
      return fail(answer.error());
    }
    remember_variables(invocation, desired.bundle);
    // First: it is deployed, whatever the script does.
    report(invocation, desired.bundle, *answer, *uploaded, desired.tree.manifest.files.size());
    if (auto ran = run_moments(desired.bundle, {"postdeploy"}); !ran) {
      return fail(ran.error(), "the bundle is deployed, but");
    }
    return ExitStatus::kSuccess;
  }

 private:
  /// Nullopt where none is given.
  [[nodiscard]] Result<std::optional<boost::json::object>> read_given_plan(
      const Invocation& invocation) const {
    if (!plan_file_) {
      return std::nullopt;
    }
    auto plan = read_plan(invocation.surroundings.absolute(*plan_file_));
    if (!plan) {
      return fail(plan.error());
    }
    return *std::move(plan);
  }

  [[nodiscard]] Result<void> check_selection(const bundles::LoadedBundle& bundle) const {
    for (const std::string& text : selected_) {
      const std::string_view key = key_of(text);
      if (std::ranges::find(bundle.jobs, key, &bundles::JobResource::key) == bundle.jobs.end()) {
        return fail(ErrorCode::kNotFound,
                    "--select " + std::string(key) + ": the bundle has no such job");
      }
    }
    return {};
  }

  /// Leaves of the bundle's jobs those that were selected; returns the keys of the others that stay
  /// as they stand.
  [[nodiscard]] boost::json::array select(DesiredDeployment& desired,
                                          const StandingDeployment& standing) const {
    boost::json::array kept;
    if (selected_.empty()) {
      for (const std::string& key : desired.kept_jobs(standing)) {
        say("jobs." + printable(key) +
            " stays as it is deployed: --allow-unsupported leaves it out");
        kept.emplace_back(key);
      }
      return kept;
    }
    std::set<std::string, std::less<>> wanted;
    for (const std::string& text : selected_) {
      wanted.emplace(key_of(text));
    }
    std::vector<bundles::JobResource>& jobs = desired.bundle.jobs;
    std::erase_if(jobs, [&](const auto& job) { return !wanted.contains(job.key); });
    for (const bundles::PlannedState& job : standing.jobs) {
      if (!wanted.contains(job.key)) {
        kept.emplace_back(job.key);
      }
    }
    return kept;
  }

  static Result<boost::json::object> deploy(Scheduler& scheduler,
                                            const DesiredDeployment& desired,
                                            std::int64_t version,
                                            boost::json::array kept) {
    const bundles::LoadedBundle& bundle = desired.bundle;
    auto jobs = job_documents(bundle);
    if (!jobs) {
      return fail(jobs.error());
    }
    return scheduler.post("/api/sheaf/v1/deployments",
                          {{"bundle", bundle.name},
                           {"target", bundle.target},
                           {"expected_version", version},
                           {"manifest_digest", desired.tree.digest},
                           {"file_path", bundle.workspace.file_path},
                           {"jobs", std::move(*jobs)},
                           {"kept_jobs", std::move(kept)}});
  }

  static void report(const Invocation& invocation,
                     const bundles::LoadedBundle& bundle,
                     boost::json::object& answer,
                     const Uploaded& uploaded,
                     std::size_t files) {
    if (!bundle.paused_by_development.empty()) {
      say(paused_notice(bundle));
    }
    if (!invocation.wants_json()) {
      print_changes(bundle, answer, uploaded, files);
      return;
    }
    answer["bundle"] = bundle.name;
    answer["target"] = bundle.target;
    answer["files"] = {{"count", files}, {"sent", uploaded.files}, {"sent_bytes", uploaded.bytes}};
    answer["paused_by_development"] = boost::json::value_from(bundle.paused_by_development);
    print_json(answer);
  }

  std::optional<std::filesystem::path> plan_file_;
  std::vector<std::string> selected_;
};

}  // namespace

std::unique_ptr<Command> make_deploy_command() {
  return std::make_unique<DeployCommand>();
}

}  // namespace sheaf::cli
