#include "scheduler/store/reader.h"

namespace sheaf::store {

Result<core::SettingsPointer> SettingsCache::get(const std::string& digest) {
  const auto known = compiled_.find(digest);
  if (known != compiled_.end()) {
    return known->second;
  }
  const auto json = reader_.settings(digest);
  if (!json) {
    return fail(json.error());
  }
  auto settings = model::parse_job_settings(*json);
  if (!settings) {
    return fail(settings.error(), "settings " + digest);
  }
  auto pointer = std::make_shared<const model::JobSettings>(*std::move(settings));
  compiled_.emplace(digest, pointer);
  return core::SettingsPointer(std::move(pointer));
}

Result<void> SettingsCache::fill_settings(std::vector<core::Event>& events) {
  for (core::Event& event : events) {
    auto* const submitted = std::get_if<core::RunSubmitted>(&event);
    if (submitted == nullptr) {
      continue;
    }
    auto settings = get(submitted->run.settings_digest);
    if (!settings) {
      return fail(settings.error(), "run " + to_string(submitted->run.id));
    }
    submitted->settings = *std::move(settings);
  }
  return {};
}

}  // namespace sheaf::store
