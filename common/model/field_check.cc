#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/check.h"
#include "common/model/field_table.h"
#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

std::string_view expected_word(FieldType type) {
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

std::string_view kind_word(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "a map";
  }
  check_failed(__FILE__, __LINE__, "kind", "not a JSON kind");
}

bool is_empty(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return true;
    case json::kind::bool_:
      return !value.get_bool();
    case json::kind::int64:
      return value.get_int64() == 0;
    case json::kind::uint64:
    case json::kind::double_:
      return false;
    case json::kind::string:
      return value.get_string().empty();
    case json::kind::array:
      return value.get_array().empty();
    case json::kind::object:
      return value.get_object().empty();
  }
  check_failed(__FILE__, __LINE__, "kind", "not a JSON kind");
}

bool has_type(FieldType type, const json::value& value) {
  switch (type) {
    case FieldType::kString:
      return value.is_string();
    case FieldType::kInteger:
      return value.is_int64();
    case FieldType::kNumber:
      return value.is_number();
    case FieldType::kIntegerOrString:
      return value.is_int64() || value.is_string();
    case FieldType::kBoolean:
      return value.is_bool();
    case FieldType::kStringList:
    case FieldType::kObjectList:
      return value.is_array();
    case FieldType::kStringMap:
    case FieldType::kObject:
      return value.is_object();
    case FieldType::kAny:
      return true;
  }
  check_failed(__FILE__, __LINE__, "type", "not a FieldType");
}

class FieldChecker {
 public:
  explicit FieldChecker(Findings& findings) : findings_(findings) {}

  void check_object(const json::object& object,
                    const std::string& pattern,
                    const std::string& path) {
    for (const json::key_value_pair& entry : object) {
      const std::string key(entry.key().data(), entry.key().size());
      const Field* field = find_job_field(member_path(pattern, key));
      if (field == nullptr) {
        report_unknown(key, pattern, path);
      } else if (!entry.value().is_null()) {
        check_value(*field, entry.value(), member_path(path, key));
      }
    }
    for (const Field* field : fields_below(pattern)) {
      if (field->required && member_at(object, name_of(*field)) == nullptr) {
        report(findings_,
               member_path(path, name_of(*field)),
               "required, but not there",
               std::string(field->description));
      }
    }
  }

 private:
  void check_value(const Field& field, const json::value& value, const std::string& path) {
    if (field.treatment == Treatment::kRefused) {
      if (!is_empty(value)) {
        findings_.push_back({.code = ErrorCode::kUnsupported,
                             .path = path,
                             .message = "not supported",
                             .cure = std::string(field.description)});
      }
      return;
    }
    if (!has_type(field.type, value)) {
      report_type(expected_word(field.type), value, path);
      return;
    }
    check_content(field, value, path);
  }

  void check_content(const Field& field, const json::value& value, const std::string& path) {
    const std::string pattern(field.path);
    switch (field.type) {
      case FieldType::kString:
        return check_choice(field, value.get_string(), path);
      case FieldType::kObject:
        return check_object(value.get_object(), pattern, path);
      case FieldType::kObjectList:
        return check_objects(value.get_array(), pattern + "[]", path);
      case FieldType::kStringList:
        return check_strings(value.get_array(), path);
      case FieldType::kStringMap:
        return check_map(value.get_object(), path);
      case FieldType::kInteger:
      case FieldType::kNumber:
      case FieldType::kIntegerOrString:
      case FieldType::kBoolean:
      case FieldType::kAny:
        return;
    }
    check_failed(__FILE__, __LINE__, "type", "not a FieldType");
  }

  void check_objects(const json::array& array,
                     const std::string& pattern,
                     const std::string& path) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (const json::object* object = array[i].if_object()) {
        check_object(*object, pattern, indexed_path(path, i));
      } else {
        report_type("a map", array[i], indexed_path(path, i));
      }
    }
  }

  void check_strings(const json::array& array, const std::string& path) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (!array[i].is_string()) {
        report_type("a string", array[i], indexed_path(path, i));
      }
    }
  }

  void check_map(const json::object& map, const std::string& path) {
    for (const json::key_value_pair& entry : map) {
      if (!entry.value().is_string()) {
        report_type("a string",
                    entry.value(),
                    member_path(path, std::string(entry.key().data(), entry.key().size())));
      }
    }
  }

  void check_choice(const Field& field, const json::string& value, const std::string& path) {
    if (field.choices.empty()) {
      return;
    }
    const std::string text(value.data(), value.size());
    const std::vector<std::string> choices = split_choices(field.choices);
    std::string listed;
    for (const std::string& choice : choices) {
      if (choice == text) {
        return;
      }
      listed += (listed.empty() ? "" : ", ") + choice;
    }
    report(findings_,
           path,
           "\"" + text + "\" is not allowed here" + did_you_mean(text, choices),
           "Write one of: " + listed + ".");
  }

  void report_type(std::string_view expected, const json::value& value, const std::string& path) {
    report(findings_,
           path,
           "expected " + std::string(expected) + ", found " + std::string(kind_word(value)));
  }

  void report_unknown(const std::string& key, const std::string& pattern, const std::string& path) {
    std::vector<std::string> known;
    for (const Field* field : fields_below(pattern)) {
      known.emplace_back(name_of(*field));
    }
    report(findings_, member_path(path, key), "unknown field" + did_you_mean(key, known));
  }

  Findings& findings_;
};

}  // namespace

void report(Findings& findings, std::string path, std::string message, std::string cure) {
  findings.push_back({.code = ErrorCode::kInvalid,
                      .path = std::move(path),
                      .message = std::move(message),
                      .cure = std::move(cure)});
}

void check_fields(const json::object& document, Findings& findings) {
  FieldChecker(findings).check_object(document, "", "");
}

}  // namespace sheaf::model
