#include "scheduler/http/hook_secrets.h"

#include <cstdlib>
#include <utility>

#include "scheduler/http/hook_signature.h"

namespace sheaf::http {
namespace {

HookSecret found(const model::HookSettings& hook, SecretSource source, std::string text) {
  return is_usable_hook_secret(hook.signature, text)
             ? HookSecret{.source = source, .text = std::move(text)}
             : HookSecret{.source = SecretSource::kUnusable};
}

}  // namespace

std::string hook_secret_purpose(JobId job, std::string_view hook) {
  return "hook/" + to_string(job) + "/" + std::string(hook);
}

Result<HookSecret> find_hook_secret(const store::Reader& reader,
                                    const SecretBox& box,
                                    JobId job,
                                    const model::HookSettings& hook) {
  if (!hook.secret_env.empty()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
    const char* value = std::getenv(hook.secret_env.c_str());
    return value == nullptr || *value == '\0' ? HookSecret{}
                                              : found(hook, SecretSource::kEnvironment, value);
  }
  const auto record = reader.hook_secret(job, hook.name);
  if (!record) {
    return fail(record.error());
  }
  if (!*record) {
    return HookSecret{};
  }
  auto text = box.unseal((*record)->sealed, hook_secret_purpose(job, hook.name));
  if (!text) {
    return fail(text.error());
  }
  return found(hook, SecretSource::kStored, std::move(*text));
}

}  // namespace sheaf::http
