// Where a hook's secret comes from: the environment variable that it names, or else the store.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "scheduler/http/secret_box.h"
#include "scheduler/store/reader.h"

namespace sheaf::http {

enum class SecretSource {
  kMissing,
  kEnvironment,
  kStored,
  kUnusable,  ///< There is one that cannot serve (see is_usable_hook_secret()); `text` is empty.
};

struct HookSecret {
  SecretSource source = SecretSource::kMissing;
  std::string text;
};

/// What a hook's stored secret is sealed for.
[[nodiscard]] std::string hook_secret_purpose(JobId job, std::string_view hook);

[[nodiscard]] Result<HookSecret> find_hook_secret(const store::Reader& reader,
                                                  const SecretBox& box,
                                                  JobId job,
                                                  const model::HookSettings& hook);

}  // namespace sheaf::http
