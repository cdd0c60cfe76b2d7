// `sheaf deploy`: the bundle's jobs and files, as one atomic change of the scheduler.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/files.h"
#include "cli/artifact_builds.h"
#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/upload.h"

namespace sheaf::cli {
namespace {

Result<bundles::HashedTree> hash_tree(const bundles::LoadedBundle& bundle) {
  const auto files = bundles::list_files(bundle.root);
  if (!files) {
    return fail(files.error());
  }
  return bundles::hash_files(bundle.root, files->names, bundle.artifact_files);
}

/// The version that this deployment replaces; 0 for the first.
Result<std::int64_t> version_seen(Scheduler& scheduler, const DeploymentName& name) {
  const auto deployment = scheduler.get(name.path());
  if (!deployment && deployment.error().code == ErrorCode::kNotFound) {
    return 0;
  }
  return deployment ? Result<std::int64_t>(number_at(*deployment, "version"))
                    : fail(deployment.error());
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
         " paused in target " + bundle.target +
         " (mode: development); deploy -t prod or set pause_status: UNPAUSED";
}

void print_changes(const bundles::LoadedBundle& bundle,
                   const boost::json::object& answer,
                   const Uploaded& uploaded,
                   std::size_t files) {
  std::string text;
  for (const auto& entry : array_at(answer, "jobs")) {
    if (entry.is_object()) {
      const auto& job = entry.get_object();
      text += text_at(job, "change") + " jobs." + text_at(job, "resource_key") + " (job " +
              std::to_string(number_at(job, "job_id")) + ")\n";
    }
  }
  text += "Deployed " + bundle.name + " to target " + bundle.target + ", version " +
          std::to_string(number_at(answer, "version")) + ": " + std::to_string(files) +
          " files, of which " + std::to_string(uploaded.files) + " were sent (" +
          std::to_string(uploaded.bytes) + " bytes)\n";
  print(text);
}

class DeployCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("deploy", "Puts the bundle on the scheduler, all of it or nothing");
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto bundle = load_built_bundle(invocation);
    if (!bundle) {
      return fail(bundle.error());
    }
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto version =
        version_seen(*scheduler, {.bundle = bundle->name, .target = bundle->target});
    if (!version) {
      return fail(version.error());
    }
    const auto tree = hash_tree(*bundle);
    if (!tree) {
      return fail(tree.error());
    }
    const auto uploaded = upload_tree(*scheduler, bundle->root, *tree);
    if (!uploaded) {
      return fail(uploaded.error());
    }
    auto answer = deploy(*scheduler, *bundle, tree->digest, *version);
    if (!answer) {
      return fail(answer.error());
    }
    report(invocation, *bundle, *answer, *uploaded, tree->manifest.files.size());
    return ExitStatus::kSuccess;
  }

 private:
  /// The bundle with its artifacts built, without errors. Findings are said once.
  static Result<bundles::LoadedBundle> load_built_bundle(const Invocation& invocation) {
    auto bundle = load_bundle(invocation);
    if (bundle && !bundle->has_errors() && !bundle->artifacts.empty()) {
      auto built = build_artifacts(*bundle);
      if (!built) {
        return fail(built.error());
      }
      bundle = load_bundle(invocation, std::move(*built));
    }
    if (!bundle) {
      return bundle;
    }
    say_findings(*bundle);
    if (bundle->has_errors()) {
      return fail(ErrorCode::kInvalid,
                  "the bundle has " + count_findings(*bundle) + "; nothing was deployed");
    }
    return bundle;
  }

  static Result<boost::json::object> deploy(Scheduler& scheduler,
                                            const bundles::LoadedBundle& bundle,
                                            const std::string& manifest_digest,
                                            std::int64_t version) {
    auto jobs = job_documents(bundle);
    if (!jobs) {
      return fail(jobs.error());
    }
    return scheduler.post("/api/sheaf/v1/deployments",
                          {{"bundle", bundle.name},
                           {"target", bundle.target},
                           {"expected_version", version},
                           {"manifest_digest", manifest_digest},
                           {"file_path", bundle.workspace.file_path},
                           {"jobs", std::move(*jobs)}});
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
};

}  // namespace

std::unique_ptr<Command> make_deploy_command() {
  return std::make_unique<DeployCommand>();
}

}  // namespace sheaf::cli
