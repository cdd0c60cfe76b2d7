#include "common/model/field_table.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "common/model/job_settings.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

// A job that has every executed block, so that any field can be changed in it.
constexpr std::string_view kRichJob = R"({
  "name": "rich",
  "max_concurrent_runs": 2, "timeout_seconds": 5,
  "queue": {"enabled": false},
  "parameters": [{"name": "p", "default": "d"}],
  "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
  "sheaf": {"priority": 1, "daylight_saving": "wall_clock",
            "hooks": [{"name": "h", "signature": "standard_webhooks", "secret_env": "S", "match": {"field": "a", "equals": "b"},
                       "parameters": {"p": "x.y"}, "deduplication_key": "id"}]},
  "email_notifications": {"on_start": ["a@x"], "on_success": ["a@x"], "on_failure": ["a@x"]},
  "webhook_notifications": {"on_start": [{"id": "a"}], "on_success": [{"id": "a"}], "on_failure": [{"id": "a"}]},
  "notification_settings": {"no_alert_for_skipped_runs": false, "no_alert_for_canceled_runs": false},
  "environments": [{"environment_key": "e", "spec": {"environment_version": "3", "dependencies": ["a"]}},
                   {"environment_key": "f", "spec": {"client": "2"}}],
  "job_clusters": [{"job_cluster_key": "c", "sheaf": {"resources": {"cpu": 1, "memory": "1GiB", "gpus": 1}, "labels": ["x"]}},
                   {"job_cluster_key": "other"}],
  "tasks": [
    {"task_key": "a", "spark_python_task": {"python_file": "/f/a.py", "parameters": ["x"]}, "environment_key": "e",
     "max_retries": 1, "min_retry_interval_millis": 1, "retry_on_timeout": false, "timeout_seconds": 1, "disabled": false, "job_cluster_key": "other",
     "sheaf": {"resources": {"cpu": 0.5, "memory": 1048576, "gpus": 2}, "labels": ["zone=b"], "pool": "licences", "max_lost": 1,
               "retry": {"backoff": {"initial_seconds": 1, "max_seconds": 60}, "only_on": [1, "LOST"]}}},
    {"task_key": "b", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "2"}, "depends_on": [{"task_key": "a"}]},
    {"task_key": "c", "command_task": {"command": ["echo"], "env": {"A": "b"}}, "run_if": "ALL_DONE",
     "depends_on": [{"task_key": "b", "outcome": "true"}]},
    {"task_key": "d", "for_each_task": {"inputs": "[1]", "concurrency": 2,
      "task": {"task_key": "d_iteration", "command_task": {"command": ["echo"]}}}},
    {"task_key": "e", "for_each_task": {"sheaf": {"inputs_file": "a.jsonl", "mode": "process"},
      "task": {"task_key": "e_iteration", "command_task": {"command": ["echo"]}}}},
    {"task_key": "f", "run_job_task": {"job_id": 3, "job_parameters": {"p": "x"}}}, {"task_key": "g", "command_task": {"command": ["echo"]}, "job_cluster_key": "c"},
    {"task_key": "h", "python_wheel_task": {"package_name": "p", "entry_point": "m", "parameters": ["x"]},
     "libraries": [{"whl": "/a.whl"}, {"pypi": {"package": "b"}}, {"requirements": "/r.txt"}]},
    {"task_key": "i", "python_wheel_task": {"package_name": "p", "entry_point": "m", "named_parameters": {"x": "y"}}},
    {"task_key": "j", "notebook_task": {"notebook_path": "/n", "base_parameters": {"x": "y"}}}
  ]})";

// Where a pattern's "[]" stands in the rich job when it is not the first element.
std::string concrete_path(std::string_view pattern) {
  // Longer places come first, which is the falling order of their texts.
  static const std::map<std::string, std::string, std::greater<>> places = {
      {"tasks[].condition_task", "tasks[1].condition_task"},
      {"tasks[].command_task", "tasks[2].command_task"},
      {"tasks[].depends_on", "tasks[2].depends_on"},
      {"tasks[].run_if", "tasks[2].run_if"},
      {"tasks[].for_each_task.sheaf", "tasks[4].for_each_task.sheaf"},
      {"tasks[].for_each_task", "tasks[3].for_each_task"},
      {"tasks[].run_job_task", "tasks[5].run_job_task"},
      {"tasks[].libraries", "tasks[7].libraries"},
      {"tasks[].libraries[].pypi", "tasks[7].libraries[1].pypi"},
      {"tasks[].libraries[].requirements", "tasks[7].libraries[2].requirements"},
      {"tasks[].python_wheel_task", "tasks[7].python_wheel_task"},
      {"tasks[].python_wheel_task.named_parameters", "tasks[8].python_wheel_task.named_parameters"},
      {"tasks[].notebook_task", "tasks[9].notebook_task"},
      {"environments[].spec.client", "environments[1].spec.client"},
  };
  std::string path(pattern);
  for (const auto& [from, to] : places) {
    if (path.starts_with(from)) {
      path = to + path.substr(from.size());
    }
  }
  for (std::size_t at = path.find("[]"); at != std::string::npos; at = path.find("[]")) {
    path.replace(at, 2, "[0]");
  }
  return path;
}

struct Place {
  json::object* parent = nullptr;
  std::string key;
};

// Creates the objects and lists on the way.
Place place_of(json::value& document, const std::string& path) {
  std::stringstream segments(path);
  std::string segment;
  std::vector<std::string> all;
  while (std::getline(segments, segment, '.')) {
    all.push_back(segment);
  }
  json::object* current = &document.as_object();
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const std::size_t bracket = all[i].find('[');
    json::value& member = (*current)[all[i].substr(0, bracket)];
    if (bracket == std::string::npos) {
      current = member.is_object() ? &member.as_object() : &member.emplace_object();
      continue;
    }
    const auto index = static_cast<std::size_t>(std::stoi(all[i].substr(bracket + 1)));
    if (!member.is_array()) {
      member.emplace_array();
    }
    while (member.as_array().size() <= index) {
      member.as_array().emplace_back(json::object());
    }
    current = &member.as_array()[index].as_object();
  }
  return {.parent = current, .key = all.back()};
}

json::value sample(const Field& field) {
  static const std::map<std::string_view, json::value> special = {
      {"environments[].spec.environment_version", "5"},
      {"environments[].spec.client", "5"},
      {"tasks[].environment_key", "f"},
      {"tasks[].job_cluster_key", "c"},
      {"tasks[].for_each_task.inputs", "[2]"},
      {"tasks[].sheaf.retry.only_on", json::array{"OOM"}},
      {"tasks[].sheaf.labels", json::array{"other"}},
      {"job_clusters[].sheaf.labels", json::array{"other"}},
      {"tasks[].depends_on[].task_key", "a"},
      {"tasks[].spark_python_task.python_file", "/f/b.py"},
      {"sheaf.hooks[].parameters", json::object{{"p", "z"}}},
  };
  if (const auto found = special.find(field.path); found != special.end()) {
    return found->second;
  }
  if (!field.choices.empty()) {
    return json::string(split_choices(field.choices).back());
  }
  switch (field.type) {
    case FieldType::kString:
      return "changed";
    case FieldType::kInteger:
      return field.path.ends_with("gpus") ? 7 : 77;
    case FieldType::kNumber:
      return 7.5;
    case FieldType::kIntegerOrString:
      return 77;
    case FieldType::kBoolean:
      return true;
    case FieldType::kStringList:
      return json::array{"changed@x"};
    case FieldType::kStringMap:
      return json::object{{"K", "v"}};
    case FieldType::kObject:
    case FieldType::kAny:
      return json::object{{"x", 1}};
    case FieldType::kObjectList:
      return json::array{json::object{{"x", 1}}};
  }
  return {};
}

std::string with_value(const Field& field, const json::value& value) {
  json::value document = json::parse(kRichJob);
  const Place place = place_of(document, concrete_path(field.path));
  (*place.parent)[place.key] = value;
  return json::serialize(document);
}

std::string without(const Field& field) {
  json::value document = json::parse(kRichJob);
  const Place place = place_of(document, concrete_path(field.path));
  place.parent->erase(place.key);
  return json::serialize(document);
}

JobSettings rich_settings() {
  const auto settings = parse_job_settings(kRichJob);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : JobSettings{};
}

bool is_block(const Field& field) {
  return field.type == FieldType::kObject || field.type == FieldType::kObjectList;
}

TEST(FieldTable, IsSortedAndWithoutRepeats) {
  const std::span<const Field> fields = job_fields();
  ASSERT_GT(fields.size(), 100u);
  for (std::size_t i = 1; i < fields.size(); ++i) {
    EXPECT_LT(fields[i - 1].path, fields[i].path);
  }
}

TEST(FieldTable, FindsByPathAndBelow) {
  ASSERT_NE(find_job_field("tasks[].depends_on[].outcome"), nullptr);
  EXPECT_EQ(find_job_field("tasks[].depends_on[].outcom"), nullptr);
  std::set<std::string_view> names;
  for (const Field* field : fields_below("schedule")) {
    names.insert(name_of(*field));
  }
  EXPECT_EQ(names,
            (std::set<std::string_view>{
                "pause_status", "quartz_cron_expression", "sql_condition", "timezone_id"}));
  EXPECT_EQ(fields_below("tasks[].depends_on[]").size(), 2u);
}

TEST(FieldTable, EveryFieldHasADescriptionAndAKnownParent) {
  for (const Field& field : job_fields()) {
    EXPECT_FALSE(field.description.empty()) << field.path;
    const std::size_t dot = field.path.rfind('.');
    if (dot == std::string_view::npos) {
      continue;
    }
    std::string_view parent = field.path.substr(0, dot);
    if (parent.ends_with("[]")) {
      parent.remove_suffix(2);
    }
    EXPECT_NE(find_job_field(parent), nullptr) << field.path;
  }
}

TEST(FieldTable, EveryExecutedFieldHasAnEffect) {
  const JobSettings before = rich_settings();
  for (const Field& field : job_fields()) {
    if (field.treatment != Treatment::kExecuted || is_block(field) ||
        field.path == "sheaf.hooks[].secret") {
      continue;
    }
    const auto changed = parse_job_settings(with_value(field, sample(field)));
    // An identity such as a task key may be needed elsewhere: then the change is at least noticed.
    EXPECT_TRUE(!changed || !(*changed == before)) << field.path;
  }
}

TEST(FieldTable, EveryExecutedBlockHasAnEffect) {
  const JobSettings before = rich_settings();
  for (const Field& field : job_fields()) {
    if (field.treatment != Treatment::kExecuted || !is_block(field) ||
        field.path == "notification_settings") {
      continue;
    }
    const auto changed = parse_job_settings(without(field));
    EXPECT_TRUE(!changed || !(*changed == before)) << field.path;
  }
}

TEST(FieldTable, EveryNeededFieldIsMissed) {
  for (const Field& field : job_fields()) {
    if (!field.required) {
      continue;
    }
    const auto settings = parse_job_settings(without(field));
    ASSERT_FALSE(settings) << field.path;
    EXPECT_TRUE(settings.error().message.starts_with(concrete_path(field.path) + ": required"))
        << settings.error().message;
  }
}

TEST(FieldTable, EveryEchoedFieldIsAcceptedWithoutEffect) {
  const JobSettings before = rich_settings();
  for (const Field& field : job_fields()) {
    if (field.treatment != Treatment::kEchoed || is_block(field)) {
      continue;
    }
    const auto settings = parse_job_settings(with_value(field, sample(field)));
    ASSERT_TRUE(settings) << field.path << ": " << settings.error().message;
    EXPECT_EQ(*settings, before) << field.path;
  }
}

TEST(FieldTable, EveryRefusedFieldFailsWithWhatToDo) {
  for (const Field& field : job_fields()) {
    if (field.treatment != Treatment::kRefused) {
      continue;
    }
    const auto settings = parse_job_settings(with_value(field, sample(field)));
    ASSERT_FALSE(settings) << field.path;
    EXPECT_EQ(settings.error().code, ErrorCode::kUnsupported) << field.path;
    EXPECT_EQ(settings.error().message,
              concrete_path(field.path) + ": not supported; " + std::string(field.description));
  }
}

TEST(FieldTable, RefusedFieldsMayBeEmpty) {
  const JobSettings before = rich_settings();
  for (const Field& field : job_fields()) {
    if (field.treatment != Treatment::kRefused) {
      continue;
    }
    const bool is_list =
        field.type == FieldType::kObjectList || field.type == FieldType::kStringList;
    const json::value empty = is_list ? json::value(json::array()) : json::value(json::object());
    const auto settings = parse_job_settings(with_value(field, empty));
    ASSERT_TRUE(settings) << field.path << ": " << settings.error().message;
    EXPECT_EQ(*settings, before) << field.path;
  }
}

TEST(FieldTable, WhatAForEachTaskRepeatsHasTheFieldsOfATask) {
  for (const Field* field : fields_below("tasks[]")) {
    const std::string path = std::string(kIterationPattern) + "." + std::string(name_of(*field));
    ASSERT_NE(find_job_field(path), nullptr) << path;
  }
  EXPECT_EQ(fields_below(kIterationPattern).size(), fields_below("tasks[]").size());
  EXPECT_EQ(find_job_field(std::string(kIterationPattern) + ".max_retries"),
            find_job_field("tasks[].max_retries"));
  EXPECT_EQ(find_job_field(std::string(kIterationPattern) + ".depends_on")->treatment,
            Treatment::kRefused);
  EXPECT_EQ(find_job_field("tasks[].for_each_task.tasks.max_retries"), nullptr);
}

TEST(FieldTable, WrongTypesAreNamed) {
  for (const Field& field : job_fields()) {
    if (field.treatment == Treatment::kRefused || field.type == FieldType::kAny) {
      continue;
    }
    const json::value wrong =
        field.type == FieldType::kNumber ? json::value("text") : json::value(1.5);
    const auto settings = parse_job_settings(with_value(field, wrong));
    ASSERT_FALSE(settings) << field.path;
    EXPECT_NE(settings.error().message.find("expected "), std::string::npos)
        << settings.error().message;
  }
}

std::string_view type_word(FieldType type) {
  switch (type) {
    case FieldType::kString:
      return "string";
    case FieldType::kInteger:
      return "integer";
    case FieldType::kNumber:
      return "number";
    case FieldType::kIntegerOrString:
      return "integer or string";
    case FieldType::kBoolean:
      return "boolean";
    case FieldType::kStringList:
      return "list of strings";
    case FieldType::kStringMap:
      return "map of strings";
    case FieldType::kObject:
      return "map";
    case FieldType::kObjectList:
      return "list of maps";
    case FieldType::kAny:
      return "any";
  }
  return "";
}

std::string_view treatment_word(Treatment treatment) {
  switch (treatment) {
    case Treatment::kExecuted:
      return "executed";
    case Treatment::kEchoed:
      return "echoed";
    case Treatment::kRefused:
      return "refused";
  }
  return "";
}

std::string page() {
  std::string text =
      "# The fields of a job\n\n"
      "Made from the field table in `common/model` by its test (`SHEAF_REWRITE=1` writes it "
      "anew).\n"
      "**executed**: has its effect. **echoed**: kept and returned, without effect. **refused**: "
      "an error, unless it is\n"
      "empty; the last column says what to do instead. Fields marked * must be there. `[]` stands "
      "for a list element.\n\n"
      "| field | type | treatment | meaning |\n|---|---|---|---|\n";
  for (const Field& field : job_fields()) {
    std::string choices;
    for (const std::string& choice : split_choices(field.choices)) {
      choices += (choices.empty() ? " One of: " : ", ") + ("`" + choice + "`");
    }
    text += "| `" + std::string(field.path) + "`" + (field.required ? " *" : "") + " | " +
            std::string(type_word(field.type)) + " | " +
            std::string(treatment_word(field.treatment)) + " | " + std::string(field.description) +
            choices + (choices.empty() ? "" : ".") + " |\n";
  }
  return text;
}

TEST(FieldTable, StandsInTheDocumentation) {
  const std::string path = "docs/fields.md";
  if (std::getenv("SHEAF_REWRITE") != nullptr) {
    std::ofstream(path) << page();
  }
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), page()) << "run this test with SHEAF_REWRITE=1";
}

}  // namespace
}  // namespace sheaf::model
