#include "common/os/zones.h"

#include <algorithm>
#include <array>
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

struct OldJavaId {
  std::string_view id;
  std::string_view zone;
};

// Source: java.time.ZoneId.SHORT_IDS, without the three that are IANA names too.
constexpr auto kOldJavaIds = std::to_array<OldJavaId>({{"ACT", "Australia/Darwin"},
                                                       {"AET", "Australia/Sydney"},
                                                       {"AGT", "America/Argentina/Buenos_Aires"},
                                                       {"ART", "Africa/Cairo"},
                                                       {"AST", "America/Anchorage"},
                                                       {"BET", "America/Sao_Paulo"},
                                                       {"BST", "Asia/Dhaka"},
                                                       {"CAT", "Africa/Harare"},
                                                       {"CNT", "America/St_Johns"},
                                                       {"CST", "America/Chicago"},
                                                       {"CTT", "Asia/Shanghai"},
                                                       {"EAT", "Africa/Addis_Ababa"},
                                                       {"ECT", "Europe/Paris"},
                                                       {"IET", "America/Indiana/Indianapolis"},
                                                       {"IST", "Asia/Kolkata"},
                                                       {"JST", "Asia/Tokyo"},
                                                       {"MIT", "Pacific/Apia"},
                                                       {"NET", "Asia/Yerevan"},
                                                       {"NST", "Pacific/Auckland"},
                                                       {"PLT", "Asia/Karachi"},
                                                       {"PNT", "America/Phoenix"},
                                                       {"PRT", "America/Puerto_Rico"},
                                                       {"PST", "America/Los_Angeles"},
                                                       {"SST", "Pacific/Guadalcanal"},
                                                       {"VST", "Asia/Ho_Chi_Minh"}});

Failure unknown_zone(std::string_view name) {
  std::error_code error;
  if (!fs::exists(fs::path(kZoneFolder) / "UTC", error)) {
    return fail(ErrorCode::kUnsupported,
                "time zone \"" + std::string(name) + "\" cannot be read: install tzdata");
  }
  return fail(ErrorCode::kInvalid,
              "unknown time zone \"" + std::string(name) + "\"" + zone_hint(name));
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

std::string zone_hint(std::string_view name) {
  const auto* const old = std::ranges::find(kOldJavaIds, name, &OldJavaId::id);
  if (old != kOldJavaIds.end()) {
    return "; the old Java id stood for " + std::string(old->zone) + ": write that name";
  }
  return model::did_you_mean(name, zone_names());
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::error_code error;
  // What cannot be read is left out; increment() ends the walk at a failure.
  for (fs::recursive_directory_iterator entry(kZoneFolder, error), end; entry != end && !error;
       entry.increment(error)) {
    std::string name = entry->path().lexically_relative(kZoneFolder).string();
    std::error_code unreadable;
    if (entry->is_regular_file(unreadable) && is_zone_name(name) && !name.starts_with("Etc/")) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace sheaf::os
