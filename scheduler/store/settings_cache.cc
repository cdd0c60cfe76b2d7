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
    const auto fill = [this](const core::RunRecord& run,
                             core::SettingsPointer& settings) -> Result<void> {
      auto found = get(run.settings_digest);
      if (!found) {
        return fail(found.error(), "run " + to_string(run.id));
      }
      settings = *std::move(found);
      return {};
    };
    Result<void> filled;
    if (auto* const submitted = std::get_if<core::RunSubmitted>(&event)) {
      filled = fill(*submitted->run, submitted->settings);
    } else if (auto* const repaired = std::get_if<core::RunRepaired>(&event)) {
      filled = fill(*repaired->run, repaired->settings);
    }
    if (!filled) {
      return filled;
    }
  }
  return {};
}

}  // namespace sheaf::store
