#include "common/os/zones.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "common/calendar/tzif.h"
#include "common/model/nearest.h"
#include "common/os/file.h"

namespace sheaf::os {
namespace {

namespace fs = std::filesystem;

constexpr const char* kZoneFolder = "/usr/share/zoneinfo";
constexpr std::size_t kMaxZoneBytes = 1u << 20;
constexpr std::size_t kMaxNameBytes = 64;

/// Names that may be put behind the zone folder: they cannot leave it, and are no other file in it.
bool is_zone_name(std::string_view name) {
  const auto is_plain = [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-' || letter == '+' ||
           letter == '/';
  };
  return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '/' &&
         std::isupper(static_cast<unsigned char>(name.front())) != 0 &&
         std::ranges::all_of(name, is_plain) && name.find("//") == std::string_view::npos;
}

Failure unknown_zone(std::string_view name) {
  if (!fs::exists(fs::path(kZoneFolder) / "UTC")) {
    return fail(ErrorCode::kUnsupported,
                "time zone \"" + std::string(name) + "\" cannot be read: install tzdata");
  }
  return fail(
      ErrorCode::kInvalid,
      "unknown time zone \"" + std::string(name) + "\"" + model::did_you_mean(name, zone_names()));
}

}  // namespace

Result<calendar::Zone> load_zone(std::string_view name) {
  if (auto fixed = calendar::fixed_zone(name)) {
    return std::move(*fixed);
  }
  if (!is_zone_name(name)) {
    return unknown_zone(name);
  }
  const auto bytes = read_file(fs::path(kZoneFolder) / name, kMaxZoneBytes);
  if (!bytes) {
    return unknown_zone(name);
  }
  return calendar::parse_tzif(std::string(name), *bytes);
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(kZoneFolder, error)) {
    std::string name = entry.path().lexically_relative(kZoneFolder).string();
    if (entry.is_regular_file() && is_zone_name(name) && !name.starts_with("Etc/")) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace sheaf::os
