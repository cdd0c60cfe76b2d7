#include "worker/environments/preparer.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/os/file.h"

namespace sheaf::environments {
namespace {

/// Variables of the agent that tasks need to find programs, their home and registries.
constexpr const char* kPassedOn[] = {"PATH",
                                     "HOME",
                                     "USER",
                                     "LOGNAME",
                                     "LANG",
                                     "LC_ALL",
                                     "TZ",
                                     "SSL_CERT_FILE",
                                     "REQUESTS_CA_BUNDLE"};

std::vector<std::pair<std::string, std::string>> task_environment(const PrepareRequest& request) {
  const model::AttemptSpec& spec = request.spec;
  std::vector<std::pair<std::string, std::string>> env;
  for (const char* name : kPassedOn) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody in the agent changes its environment.
    if (const char* value = std::getenv(name)) {
      env.emplace_back(name, value);
    }
  }
  env.emplace_back("SHEAF_RUN_ID", to_string(spec.run));
  env.emplace_back("SHEAF_JOB_ID", to_string(spec.job));
  env.emplace_back("SHEAF_JOB_NAME", spec.job_name);
  env.emplace_back("SHEAF_TASK_KEY", spec.task_key);
  env.emplace_back("SHEAF_ATTEMPT", std::to_string(spec.attempt_number));
  env.emplace_back("SHEAF_FENCE", std::to_string(spec.fence));
  env.emplace_back("SHEAF_API", request.http_base_url);
  env.emplace_back("DATABRICKS_HOST", request.http_base_url);
  env.emplace_back("DATABRICKS_TOKEN", request.token);
  for (const auto& [name, value] : spec.env) {
    env.emplace_back(name, value);
  }
  return env;
}

/// `text` with the workspace path of the deployment's files, as a whole or followed by '/',
/// replaced by where they stand on this machine.
std::string with_local_paths(std::string text,
                             const std::string& file_path,
                             const std::string& tree) {
  if (file_path.empty()) {
    return text;
  }
  std::size_t begin = 0;
  while ((begin = text.find(file_path, begin)) != std::string::npos) {
    const std::size_t end = begin + file_path.size();
    if (end == text.size() || text[end] == '/') {
      text.replace(begin, file_path.size(), tree);
      begin += tree.size();
    } else {
      begin = end;
    }
  }
  return text;
}

}  // namespace

Preparer::Preparer(PreparerSettings settings)
    : settings_(std::move(settings)),
      trees_(settings_.folder),
      environments_(settings_.folder / "environments", settings_.runtime_package) {}

Preparer::~Preparer() = default;

Result<std::unique_ptr<Preparer>> Preparer::open(PreparerSettings settings) {
  if (auto made = os::make_private_folder(settings.folder / "empty"); !made) {
    return fail(made.error());
  }
  if (auto made = FileTrees::prepare_folder(settings.folder); !made) {
    return fail(made.error());
  }
  return std::unique_ptr<Preparer>(new Preparer(std::move(settings)));
}

Result<PreparedAttempt> Preparer::prepare(const PrepareRequest& request) {
  const model::AttemptSpec& spec = request.spec;
  PreparedAttempt prepared{.argv = spec.arguments,
                           .env = task_environment(request),
                           .working_folder = settings_.folder / "empty"};
  if (!spec.manifest_digest.empty()) {
    auto tree = trees_.get(spec.manifest_digest,
                           {.http_base_url = request.http_base_url,
                            .token = request.token,
                            .is_cancelled = request.is_cancelled});
    if (!tree) {
      return fail(tree.error());
    }
    prepared.working_folder = *tree;
    prepared.env.emplace_back("SHEAF_FILES", tree->string());
    for (std::string& argument : prepared.argv) {
      argument = with_local_paths(argument, spec.file_path, tree->string());
    }
  }
  if (spec.is_python) {
    if (auto python = prepare_python(request, prepared); !python) {
      return fail(python.error());
    }
  }
  return prepared;
}

Result<void> Preparer::prepare_python(const PrepareRequest& request, PreparedAttempt& prepared) {
  const std::filesystem::path script = prepared.argv.front();
  std::error_code error;
  if (!std::filesystem::is_regular_file(script, error)) {
    return fail(ErrorCode::kNotFound,
                "the deployment has no file " + request.spec.arguments.front());
  }
  model::EnvironmentSettings settings = request.spec.environment;
  for (std::string& line : settings.dependencies) {
    line = with_local_paths(line, request.spec.file_path, prepared.working_folder.string());
  }
  auto environment = environments_.get(settings, prepared.working_folder, request.is_cancelled);
  if (!environment) {
    return fail(environment.error());
  }
  prepared.argv.insert(prepared.argv.begin(), environment->python.string());
  prepared.working_folder = script.parent_path();
  prepared.warnings = std::move(environment->warnings);
  for (auto& [name, value] : prepared.env) {
    if (name == "PATH") {
      value = environment->bin_folder.string() + ":" + value;
    }
  }
  prepared.env.emplace_back("VIRTUAL_ENV", environment->bin_folder.parent_path().string());
  prepared.env.emplace_back("PYTHONUNBUFFERED", "1");
  // Byte code of a read-only tree's modules goes beside the environment, not into the tree.
  prepared.env.emplace_back("PYTHONPYCACHEPREFIX",
                            (environment->bin_folder.parent_path() / "byte_code").string());
  // Code written for the original runtime asks for it; MLflow then keeps its formats too.
  const bool is_set = std::ranges::any_of(
      prepared.env, [](const auto& entry) { return entry.first == "DATABRICKS_RUNTIME_VERSION"; });
  if (!is_set) {
    prepared.env.emplace_back("DATABRICKS_RUNTIME_VERSION", "15.4");
  }
  return {};
}

}  // namespace sheaf::environments
