#include "bundles/scripts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::array<std::string_view, 6> kMoments = {
    "preinit", "postinit", "prebuild", "postbuild", "predeploy", "postdeploy"};

class ScriptReader {
 public:
  ScriptReader(const SourceFiles& files, Findings& findings) : files_(files), findings_(findings) {}

  std::vector<Script> read_named(const Value& scripts) {
    std::vector<Script> read;
    if (!is_map(scripts, "scripts")) {
      return read;
    }
    for (const Member& member : scripts.members) {
      const std::string path = "scripts." + member.key;
      if (!member.value.is_null() && is_map(member.value, path)) {
        read_one(member, path, read);
      }
    }
    return read;
  }

  std::vector<Script> read_moments(const Value& scripts) {
    std::vector<Script> read;
    const std::string path = "experimental.scripts";
    if (!is_map(scripts, path)) {
      return read;
    }
    const std::vector<std::string> known(kMoments.begin(), kMoments.end());
    for (const Member& member : scripts.members) {
      if (std::ranges::find(known, member.key) == known.end()) {
        warn("there is no moment \"" + member.key + "\"" + model::did_you_mean(member.key, known),
             member_path(path, member.key),
             {member.key_place});
      }
    }
    for (const std::string& moment : known) {
      if (const Member* member = find_member(scripts, moment)) {
        add(moment, *member, member_path(path, moment), read);
      }
    }
    return read;
  }

 private:
  void read_one(const Member& script, const std::string& path, std::vector<Script>& read) {
    for (const Member& field : script.value.members) {
      if (field.key == "content") {
        add(script.key, field, path + ".content", read);
      }
    }
    warn_unknown_fields(script.value, {"content"}, path, findings_);
    if (find(script.value, "content") == nullptr) {
      findings_.error({.summary = "the script \"" + script.key + "\" has no content",
                       .detail = "Write what it runs below `content:`."},
                      path,
                      {script.key_place});
    }
  }

  bool is_map(const Value& value, const std::string& path) {
    if (!value.is_map()) {
      warn("expected a map, found " + std::string(kind_word(value.kind)), path, places_of(value));
    }
    return value.is_map();
  }

  void add(const std::string& name,
           const Member& member,
           const std::string& path,
           std::vector<Script>& read) {
    const std::optional<std::string_view> text = as_text(member.value);
    if (text) {
      read.push_back(
          {.name = name,
           .content = std::string(*text),
           .place = member.key_place.is_known() ? files_.place(member.key_place) : SourcePlace{}});
    } else if (!member.value.is_null()) {
      warn("expected a string, found " + std::string(kind_word(member.value.kind)),
           path,
           places_of(member.value));
    }
  }

  void warn(std::string summary, const std::string& path, const std::vector<Location>& places) {
    findings_.warning(
        {.summary = std::move(summary), .detail = "The value is ignored."}, path, places);
  }

  const SourceFiles& files_;
  Findings& findings_;
};

}  // namespace

Scripts read_scripts(const Value& configuration, const SourceFiles& files, Findings& findings) {
  ScriptReader reader(files, findings);
  Scripts scripts;
  if (const Value* named = find(configuration, "scripts")) {
    scripts.named = reader.read_named(*named);
  }
  const Value* experimental = find(configuration, "experimental");
  const Value* moments = experimental == nullptr ? nullptr : find(*experimental, "scripts");
  if (moments != nullptr) {
    scripts.moments = reader.read_moments(*moments);
  }
  return scripts;
}

}  // namespace sheaf::bundles
