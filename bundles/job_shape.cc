#include "bundles/job_shape.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"
#include "common/base/check.h"
#include "common/model/field_table.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

using model::Field;
using model::FieldType;

std::string_view type_word(FieldType type) {
  switch (type) {
    case FieldType::kString:
      return "a string";
    case FieldType::kInteger:
      return "an integer";
    case FieldType::kNumber:
      return "a number";
    case FieldType::kIntegerOrString:
      return "an integer or a string";
    case FieldType::kBoolean:
      return "true or false";
    case FieldType::kStringList:
      return "a list of strings";
    case FieldType::kStringMap:
      return "a map of strings";
    case FieldType::kObject:
      return "a map";
    case FieldType::kObjectList:
      return "a list of maps";
    case FieldType::kAny:
      return "anything";
  }
  check_failed(__FILE__, __LINE__, "type", "not a FieldType");
}

class Shaper {
 public:
  explicit Shaper(Findings& findings) : findings_(findings) {}

  void shape_object(Value& object, const std::string& pattern, const std::string& path) {
    std::erase_if(object.members, [&](Member& member) {
      return member.value.is_null() || !keep_member(member, pattern, path);
    });
  }

 private:
  bool keep_member(Member& member, const std::string& pattern, const std::string& path) {
    const std::string field_path = member_path(path, member.key);
    const Field* field = model::find_job_field(member_path(pattern, member.key));
    if (field == nullptr) {
      report_unknown(member, pattern, field_path);
      return false;
    }
    // What is refused is reported as such later, whatever its type.
    if (field->treatment == model::Treatment::kRefused || member.value.is_unresolved) {
      return true;
    }
    return shape(member.value, *field, field_path) && is_allowed(member.value, *field, field_path);
  }

  // False when the value has to go; it has been reported then.
  bool shape(Value& value, const Field& field, const std::string& path) {
    const std::string pattern(field.path);
    switch (field.type) {
      case FieldType::kString:
        return shape_text(value, path);
      case FieldType::kInteger:
        return shape_integer(value, path);
      case FieldType::kNumber:
        return shape_number(value, path);
      case FieldType::kIntegerOrString:
        return nearest_integer(value) ? shape_integer(value, path)
                                      : shape_text(value, path, field.type);
      case FieldType::kBoolean:
        return shape_boolean(value, path);
      case FieldType::kStringList:
        return has_kind(value, Kind::kList, field.type, path) && shape_texts(value, field, path);
      case FieldType::kObjectList:
        return has_kind(value, Kind::kList, field.type, path) &&
               shape_objects(value, pattern + "[]", path);
      case FieldType::kStringMap:
        return has_kind(value, Kind::kMap, field.type, path) && shape_map(value, path);
      case FieldType::kObject:
        if (!has_kind(value, Kind::kMap, field.type, path)) {
          return false;
        }
        shape_object(value, pattern, path);
        return true;
      case FieldType::kAny:
        return true;
    }
    check_failed(__FILE__, __LINE__, "type", "not a FieldType");
  }

  bool shape_text(Value& value, const std::string& path, FieldType type = FieldType::kString) {
    if (!value.is_scalar()) {
      return report_type(value, type_word(type), path);
    }
    value.kind = Kind::kString;
    return true;
  }

  bool shape_integer(Value& value, const std::string& path) {
    const std::optional<std::int64_t> number = nearest_integer(value);
    if (!number) {
      return report_type(value, type_word(FieldType::kInteger), path);
    }
    // No field reaches as far as 64 bits: what is beyond them is left to the check of its range.
    value.kind = Kind::kInteger;
    value.text = std::to_string(*number);
    return true;
  }

  bool shape_number(Value& value, const std::string& path) {
    const Kind kind = value.is_scalar() ? plain_scalar(value.text).kind : value.kind;
    if (kind != Kind::kInteger && kind != Kind::kNumber) {
      return report_type(value, type_word(FieldType::kNumber), path);
    }
    value.kind = kind;
    return true;
  }

  bool shape_boolean(Value& value, const std::string& path) {
    const std::optional<bool> truth = as_boolean(value);
    if (!truth) {
      return report_type(value, type_word(FieldType::kBoolean), path);
    }
    value.kind = Kind::kBoolean;
    value.text = *truth ? "true" : "false";
    return true;
  }

  bool shape_texts(Value& list, const Field& field, const std::string& path) {
    const bool is_executed = field.treatment == model::Treatment::kExecuted;
    std::vector<Value> kept;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      Value& item = list.items[i];
      const std::string place = item_path(path, i);
      if (is_executed && !item.is_unresolved && !item.is_scalar()) {
        report_element(item, place);
        item.is_unresolved = true;
      }
      if (item.is_unresolved || shape_text(item, place)) {
        kept.push_back(std::move(item));
      }
    }
    list.items = std::move(kept);
    return true;
  }

  bool shape_objects(Value& list, const std::string& pattern, const std::string& path) {
    std::vector<Value> kept;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      Value& item = list.items[i];
      const bool is_kept =
          item.is_unresolved || has_kind(item, Kind::kMap, FieldType::kObject, item_path(path, i));
      if (is_kept && item.is_map()) {
        shape_object(item, pattern, item_path(path, kept.size()));
      }
      if (is_kept) {
        kept.push_back(std::move(item));
      }
    }
    list.items = std::move(kept);
    return true;
  }

  bool shape_map(Value& map, const std::string& path) {
    std::erase_if(map.members, [&](Member& member) {
      return member.value.is_null() || (!member.value.is_unresolved &&
                                        !shape_text(member.value, member_path(path, member.key)));
    });
    return true;
  }

  bool has_kind(const Value& value, Kind kind, FieldType type, const std::string& path) {
    return value.kind == kind || report_type(value, type_word(type), path);
  }

  // A bad choice of an executed field changes what runs: that is left to the strict check.
  bool is_allowed(const Value& value, const Field& field, const std::string& path) {
    if (field.treatment == model::Treatment::kExecuted || field.choices.empty()) {
      return true;
    }
    const std::vector<std::string> choices = model::split_choices(field.choices);
    if (std::ranges::find(choices, value.text) != choices.end()) {
      return true;
    }
    findings_.warning({.summary = "\"" + value.text + "\" is not allowed here" +
                                  model::did_you_mean(value.text, choices),
                       .detail = "The value is ignored."},
                      path,
                      places_of(value));
    return false;
  }

  bool report_type(const Value& value, std::string_view wanted, const std::string& path) {
    findings_.warning({.summary = "expected " + std::string(wanted) + ", found " +
                                  std::string(kind_word(value.kind)),
                       .detail = "The value is ignored."},
                      path,
                      places_of(value));
    return false;
  }

  // Left out, it would shift what stands behind it: something else would run than was written.
  void report_element(const Value& item, const std::string& path) {
    std::string cure = "Each element is one text.";
    if (item.is_null()) {
      cure = "Put quotes around a text that YAML reads as nothing: \"~\", \"null\" or \"\".";
    } else if (item.is_map()) {
      cure = "Put quotes around a text that holds a colon.";
    }
    findings_.error({.summary = "expected " + std::string(type_word(FieldType::kString)) +
                                ", found " + std::string(kind_word(item.kind)),
                     .detail = std::move(cure)},
                    path,
                    places_of(item));
  }

  void report_unknown(const Member& member, const std::string& pattern, const std::string& path) {
    std::vector<std::string> known;
    for (const Field* field : model::fields_below(pattern)) {
      known.emplace_back(model::name_of(*field));
    }
    warn_unknown_field(member, known, path, findings_);
  }

  Findings& findings_;
};

}  // namespace

void shape_job(Value& job, const std::string& path, Findings& findings) {
  Shaper(findings).shape_object(job, "", path);
}

}  // namespace sheaf::bundles
