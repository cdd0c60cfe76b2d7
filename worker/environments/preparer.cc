#include "worker/environments/preparer.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string_view>

#include "common/model/environment_fingerprint.h"
#include "common/os/file.h"

namespace sheaf::environments {
namespace {

using Environment = std::map<std::string, std::string>;

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

std::string joined(const std::vector<std::uint32_t>& devices) {
  std::string text;
  for (const std::uint32_t device : devices) {
    text += (text.empty() ? "" : ",") + std::to_string(device);
  }
  return text;
}

/// What a task's author writes comes before what the machine has; SHEAF_* is ours alone,
/// and so are devices that the scheduler gave to this attempt and to no other.
Environment task_environment(const PrepareRequest& request,
                             const std::filesystem::path& byte_code_folder) {
  const model::AttemptSpec& spec = request.spec;
  Environment env;
  for (const char* name : kPassedOn) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody in the agent changes its environment.
    if (const char* value = std::getenv(name)) {
      env[name] = value;
    }
  }
  env["DATABRICKS_HOST"] = request.http_base_url;
  env["DATABRICKS_TOKEN"] = request.token;
  for (const auto& [name, value] : spec.env) {
    env[name] = value;
  }
  // Byte code of a read-only tree's modules goes elsewhere, also for a command that calls Python.
  env.try_emplace("PYTHONPYCACHEPREFIX", byte_code_folder.string());
  env["SHEAF_RUN_ID"] = to_string(spec.run);
  env["SHEAF_JOB_ID"] = to_string(spec.job);
  env["SHEAF_JOB_NAME"] = spec.job_name;
  env["SHEAF_TASK_KEY"] = spec.task_key;
  env["SHEAF_ATTEMPT"] = std::to_string(spec.attempt_number);
  env["SHEAF_FENCE"] = std::to_string(spec.fence);
  env["SHEAF_API"] = request.http_base_url;
  if (!spec.gpus.empty()) {
    env["SHEAF_GPUS"] = joined(spec.gpus);
    env["CUDA_VISIBLE_DEVICES"] = env["SHEAF_GPUS"];
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

/// A line that names a built artifact by its workspace path ("…/artifacts/.internal/x.whl") names
/// the file of the deployment instead (docs/decisions/0070-artifacts.md).
std::string with_local_artifact(std::string line, const std::string& tree) {
  const std::size_t folder = line.find("/" + std::string(model::kArtifactFolder));
  const bool is_artifact =
      line.starts_with('/') && folder != std::string::npos && !line.starts_with(tree + "/");
  return is_artifact ? tree + line.substr(folder) : line;
}

std::string restored_text(const std::vector<std::string>& files) {
  std::string text = files.front();
  if (files.size() > 1) {
    text += " and " + std::to_string(files.size() - 1) + " more";
  }
  return "an earlier task had changed the deployment's files on this worker; restored: " + text;
}

/// What code expects of the virtual environment in whose `bin_folder` its Python is.
void add_python(Environment& env, const std::filesystem::path& bin_folder) {
  const std::filesystem::path folder = bin_folder.parent_path();
  std::string& path = env["PATH"];
  path = path.empty() ? bin_folder.string() : bin_folder.string() + ":" + path;
  env["VIRTUAL_ENV"] = folder.string();
  env.try_emplace("PYTHONUNBUFFERED", "1");
  // Code written for the original runtime asks for it; MLflow then keeps its formats too.
  env.try_emplace("DATABRICKS_RUNTIME_VERSION", "15.4");
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
  PreparedAttempt prepared{
      .argv = spec.arguments, .env = {}, .working_folder = settings_.folder / "empty"};
  Environment env = task_environment(request, settings_.folder / "byte_code");
  if (!spec.manifest_digest.empty()) {
    auto tree = trees_.get(spec.manifest_digest,
                           {.http_base_url = request.http_base_url,
                            .token = request.token,
                            .is_cancelled = request.is_cancelled});
    if (!tree) {
      return fail(tree.error());
    }
    prepared.working_folder = tree->path;
    env["SHEAF_FILES"] = tree->path.string();
    for (std::string& argument : prepared.argv) {
      argument = with_local_paths(argument, spec.file_path, tree->path.string());
    }
    if (!tree->restored.empty()) {
      prepared.warnings.push_back(restored_text(tree->restored));
    }
  }
  if (spec.is_python) {
    const auto python = prepare_python(request, prepared);
    if (!python) {
      return fail(python.error());
    }
    add_python(env, *python);
  }
  prepared.env.assign(env.begin(), env.end());
  return prepared;
}

Result<std::filesystem::path> Preparer::prepare_python(const PrepareRequest& request,
                                                       PreparedAttempt& prepared) {
  const std::filesystem::path script = prepared.argv.front();
  const bool is_module = script == "-m";
  std::error_code error;
  if (!is_module && !std::filesystem::is_regular_file(script, error)) {
    return fail(ErrorCode::kNotFound,
                "the deployment has no file " + request.spec.arguments.front());
  }
  model::EnvironmentSettings settings = *request.spec.environment;
  for (std::string& line : settings.dependencies) {
    line = with_local_paths(line, request.spec.file_path, prepared.working_folder.string());
    line = with_local_artifact(std::move(line), prepared.working_folder.string());
  }
  auto environment = environments_.get(settings, prepared.working_folder, request.is_cancelled);
  if (!environment) {
    return fail(environment.error());
  }
  prepared.argv.insert(prepared.argv.begin(), environment->python.string());
  if (!is_module) {
    prepared.working_folder = script.parent_path();
  }
  std::ranges::move(environment->warnings, std::back_inserter(prepared.warnings));
  environments_.note_use(model::environment_fingerprint(*request.spec.environment), *environment);
  return environment->bin_folder;
}

}  // namespace sheaf::environments
