#include "worker/environments/python_environments.h"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include "common/os/digest.h"
#include "common/os/file.h"
#include "worker/environments/child_process.h"
#include "worker/environments/interpreters.h"
#include "worker/environments/tree_files.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSourceBytes = 4u << 20;

std::string variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody in the agent changes its environment.
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Digest of every file below `folder`, in order of path.
std::string tree_digest(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file() && entry.path().extension() != ".pyc") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  os::Sha256 hash;
  for (const fs::path& file : files) {
    hash.add(file.lexically_relative(folder).string() + "\n");
    hash.add(os::read_file(file, kMaxSourceBytes).value_or(""));
  }
  return hash.finish();
}

/// uv as SHEAF_UV names it, or the first on PATH.
Result<fs::path> find_uv() {
  if (const std::string named = variable("SHEAF_UV"); !named.empty()) {
    return fs::path(named);
  }
  std::string path = variable("PATH");
  while (!path.empty()) {
    const auto colon = path.find(':');
    const fs::path candidate = fs::path(path.substr(0, colon)) / "uv";
    if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    path = colon == std::string::npos ? "" : path.substr(colon + 1);
  }
  return fail(ErrorCode::kUnsupported,
              "uv is not on this worker: install it (pip install uv) or name it in SHEAF_UV");
}

std::vector<std::pair<std::string, std::string>> build_environment() {
  std::vector<std::pair<std::string, std::string>> env{{"UV_PYTHON_DOWNLOADS", "never"},
                                                       {"UV_NO_PROGRESS", "1"}};
  for (const char* name : {"PATH",
                           "HOME",
                           "LANG",
                           "SSL_CERT_FILE",
                           "REQUESTS_CA_BUNDLE",
                           "UV_CACHE_DIR",
                           "UV_INDEX_URL",
                           "UV_DEFAULT_INDEX",
                           "UV_OFFLINE",
                           "UV_LINK_MODE",
                           "UV_NATIVE_TLS",
                           "UV_CONFIG_FILE",
                           "PIP_INDEX_URL",
                           "PIP_CERT",
                           "http_proxy",
                           "https_proxy",
                           "HTTP_PROXY",
                           "HTTPS_PROXY",
                           "no_proxy",
                           "NO_PROXY"}) {
    if (std::string value = variable(name); !value.empty()) {
      env.emplace_back(name, std::move(value));
    }
  }
  // uv does not read pip's settings; an index that pip was told of is meant for it too.
  const bool has_index = std::ranges::any_of(env, [](const auto& entry) {
    return entry.first == "UV_INDEX_URL" || entry.first == "UV_DEFAULT_INDEX";
  });
  if (const std::string index = variable("PIP_INDEX_URL"); !has_index && !index.empty()) {
    env.emplace_back("UV_DEFAULT_INDEX", index);
  }
  return env;
}

std::vector<fs::path> version_folders() {
  const std::string home = variable("HOME");
  std::vector<fs::path> folders{"/opt/python"};
  if (!home.empty()) {
    folders.push_back(fs::path(home) / ".pyenv" / "versions");
    folders.push_back(fs::path(home) / ".local" / "share" / "uv" / "python");
  }
  return folders;
}

fs::path site_packages(const fs::path& environment) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(environment / "lib", error)) {
    if (entry.path().filename().string().starts_with("python3")) {
      return entry.path() / "site-packages";
    }
  }
  return {};
}

std::string requirements_text(const model::EnvironmentSettings& settings) {
  std::string text;
  for (const std::string& line : settings.dependencies) {
    text += line + "\n";
  }
  return text;
}

std::string content_digest(const fs::path& file) {
  return digest_of(file).value_or("unreadable");
}

/// What the key of an environment says of a requirement line: of a local file its name and content,
/// so that it is the same in every deployment, and another one when the content is.
std::string identity_of(const std::string& line) {
  constexpr std::string_view kFileOption = "-r ";
  const bool is_list = line.starts_with(kFileOption);
  std::string path = is_list ? line.substr(kFileOption.size()) : line;
  const std::size_t extras = path.find('[');
  const std::string rest = extras == std::string::npos ? "" : path.substr(extras);
  path.resize(path.size() - rest.size());
  if (!path.starts_with('/')) {
    return line;
  }
  const fs::path file(path);
  const std::string identity =
      (is_list ? "-r " : "") + file.filename().string() + rest + " " + content_digest(file);
  // Options of a list may name files beside it.
  const std::string content =
      is_list ? "\n" + os::read_file(file, kMaxSourceBytes).value_or("") : std::string();
  return content.find("\n-") == std::string::npos ? identity : identity + " " + path;
}

std::string identity_text(const model::EnvironmentSettings& settings) {
  std::string text;
  for (const std::string& line : settings.dependencies) {
    text += identity_of(line) + "\n";
  }
  return text;
}

}  // namespace

PythonEnvironments::PythonEnvironments(fs::path folder, fs::path runtime_package)
    : folder_(std::move(folder)),
      runtime_package_(std::move(runtime_package)),
      runtime_digest_(tree_digest(runtime_package_)) {}

Result<PythonEnvironment> PythonEnvironments::get(const model::EnvironmentSettings& settings,
                                                  const fs::path& working_folder,
                                                  const std::atomic<bool>& is_cancelled) {
  const auto minor = python_minor(settings.environment_version);
  if (!minor) {
    return fail(
        ErrorCode::kUnsupported,
        "environment_version \"" + settings.environment_version + "\" is not known: use 1 to 5");
  }
  auto chosen = choose_interpreter(find_interpreters(variable("PATH"), version_folders()), *minor);
  if (!chosen) {
    return fail(chosen.error());
  }
  const std::string key = os::sha256_hex(chosen->interpreter.path.string() + "\n" +
                                         runtime_digest_ + "\n" + identity_text(settings));
  const Plan plan{.interpreter = chosen->interpreter.path,
                  .target = folder_ / key.substr(0, 24),
                  .settings = settings,
                  .working_folder = working_folder};
  const std::shared_ptr<std::mutex> one_builder = locks_.of(key);
  const std::lock_guard lock(*one_builder);
  std::error_code error;
  if (!fs::exists(plan.target / "complete", error)) {
    if (auto built = build(plan, is_cancelled); !built) {
      return fail(built.error(), "the task's Python environment cannot be built");
    }
  }
  PythonEnvironment environment{
      .python = plan.target / "bin" / "python", .bin_folder = plan.target / "bin", .warnings = {}};
  if (!chosen->warning.empty()) {
    environment.warnings.push_back(chosen->warning);
  }
  return environment;
}

Result<void> PythonEnvironments::build(const Plan& plan,
                                       const std::atomic<bool>& is_cancelled) const {
  std::error_code error;
  fs::remove_all(plan.target, error);
  if (auto made = os::make_private_folder(plan.target.parent_path()); !made) {
    return made;
  }
  const fs::path log = plan.target.string() + ".log";
  auto created = run_child(
      {.argv = {plan.interpreter.string(), "-m", "venv", "--without-pip", plan.target.string()},
       .env = build_environment(),
       .working_folder = plan.working_folder,
       .output_file = log},
      is_cancelled);
  if (!created) {
    return created;
  }
  if (!plan.settings.dependencies.empty()) {
    if (auto installed = install(plan, is_cancelled); !installed) {
      return installed;
    }
  }
  if (auto added = add_runtime(plan); !added) {
    return added;
  }
  // "complete" vouches for every file of the environment, after a power loss too.
  if (auto synced = os::sync_file_system(plan.target); !synced) {
    return synced;
  }
  return os::replace_file(plan.target / "complete", requirements_text(plan.settings));
}

Result<void> PythonEnvironments::install(const Plan& plan,
                                         const std::atomic<bool>& is_cancelled) const {
  const auto uv = find_uv();
  if (!uv) {
    return fail(uv.error());
  }
  const fs::path requirements = plan.target / "requirements.txt";
  if (auto written = os::replace_file(requirements, requirements_text(plan.settings)); !written) {
    return written;
  }
  return run_child({.argv = {uv->string(),
                             "pip",
                             "install",
                             "--python",
                             (plan.target / "bin" / "python").string(),
                             "-r",
                             requirements.string()},
                    .env = build_environment(),
                    .working_folder = plan.working_folder,
                    .output_file = plan.target.string() + ".log",
                    .deadline = std::chrono::minutes(30)},
                   is_cancelled);
}

Result<void> PythonEnvironments::add_runtime(const Plan& plan) const {
  std::error_code error;
  fs::copy(runtime_package_,
           site_packages(plan.target),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing,
           error);
  if (error) {
    return fail(ErrorCode::kInternal, runtime_package_.string() + ": " + error.message());
  }
  return {};
}

}  // namespace sheaf::environments
