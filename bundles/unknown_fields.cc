#include "bundles/unknown_fields.h"

#include <algorithm>

#include "common/model/nearest.h"

namespace sheaf::bundles {

void warn_unknown_field(const Member& field,
                        const std::vector<std::string>& known,
                        const std::string& path,
                        Findings& findings) {
  findings.warning(
      {.summary = "unknown field \"" + field.key + "\"" + model::did_you_mean(field.key, known),
       .detail = "The field is ignored."},
      path,
      {field.key_place});
}

void warn_unknown_fields(const Value& map,
                         const std::vector<std::string>& known,
                         const std::string& path,
                         Findings& findings) {
  for (const Member& field : map.members) {
    if (std::ranges::find(known, field.key) == known.end()) {
      warn_unknown_field(field, known, member_path(path, field.key), findings);
    }
  }
}

}  // namespace sheaf::bundles
