#include "worker/environments/preparer.h"

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

}  // namespace

Preparer::Preparer(PreparerSettings settings) : settings_(std::move(settings)) {}

Preparer::~Preparer() = default;

Result<std::unique_ptr<Preparer>> Preparer::open(PreparerSettings settings) {
  if (auto made = os::make_private_folder(settings.folder / "empty"); !made) {
    return fail(made.error());
  }
  return std::unique_ptr<Preparer>(new Preparer(std::move(settings)));
}

Result<PreparedAttempt> Preparer::prepare(const PrepareRequest& request) const {
  PreparedAttempt prepared{.argv = request.spec.arguments,
                           .env = task_environment(request),
                           .working_folder = settings_.folder / "empty"};
  if (request.spec.is_python) {
    prepared.argv.insert(prepared.argv.begin(), "python3");
  }
  return prepared;
}

}  // namespace sheaf::environments
