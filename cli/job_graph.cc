#include "cli/job_graph.h"

#include <algorithm>
#include <map>

#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/task_lines.h"

namespace sheaf::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownColumns = 60;

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string member_text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? "" : text_of(*value);
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string joined(const json::array& words) {
  std::string text;
  for (const json::value& word : words) {
    text += (text.empty() ? "" : " ") + text_of(word);
  }
  return text;
}

/// The block that says what a task does, by its field's name.
std::string_view kind_of(const json::object& task) {
  for (const auto& member : task) {
    const std::string_view key = member.key();
    if (key.ends_with("_task") && member.value().is_object()) {
      return key;
    }
  }
  return "";
}

std::string describe(std::string_view kind, const json::object& block) {
  if (kind == "command_task") {
    return joined(array_at(block, "command"));
  }
  if (kind == "spark_python_task") {
    return file_name(member_text(block, "python_file"));
  }
  if (kind == "notebook_task") {
    return file_name(member_text(block, "notebook_path"));
  }
  if (kind == "python_wheel_task") {
    return member_text(block, "package_name") + "." + member_text(block, "entry_point");
  }
  if (kind == "condition_task") {
    return member_text(block, "left") + " " + member_text(block, "op") + " " +
           member_text(block, "right");
  }
  if (kind == "run_job_task") {
    return "job " + member_text(block, "job_id");
  }
  if (kind == "for_each_task") {
    const json::object& inner = object_at(block, "task");
    const std::string_view inner_kind = kind_of(inner);
    const std::string file = member_text(object_at(block, "sheaf"), "inputs_file");
    const std::string inputs = file.empty() ? member_text(block, "inputs") : file_name(file);
    return "each of " + inputs + ": " + describe(inner_kind, object_at(inner, inner_kind));
  }
  return "";
}

GraphTask read_task(const json::object& object) {
  GraphTask task{.key = text_at(object, "task_key"),
                 .kind = std::string(kind_of(object)),
                 .what = {},
                 .run_if = text_at(object, "run_if"),
                 .depends_on = {}};
  task.what = shortened(describe(task.kind, object_at(object, task.kind)), kShownColumns);
  if (task.run_if == "ALL_SUCCESS") {
    task.run_if.clear();
  }
  for (const json::value& entry : array_at(object, "depends_on")) {
    if (entry.is_object()) {
      task.depends_on.push_back({.from = text_at(entry.get_object(), "task_key"),
                                 .outcome = member_text(entry.get_object(), "outcome")});
    }
  }
  return task;
}

std::string outcomes_of(const GraphTask& task) {
  std::string text;
  for (const GraphEdge& edge : task.depends_on) {
    if (!edge.outcome.empty()) {
      text += (text.empty() ? "" : ", ") + edge.from + " is " + edge.outcome;
    }
  }
  return text;
}

/// Text inside the quotes of a Mermaid label.
std::string label_text(std::string_view text) {
  std::string label;
  for (const char c : printable(text)) {
    switch (c) {
      case '"':
        label += "#quot;";
        break;
      case '#':
        label += "#35;";
        break;
      case '<':
        label += "#lt;";
        break;
      case '>':
        label += "#gt;";
        break;
      default:
        label += c;
    }
  }
  return label;
}

}  // namespace

JobGraph read_job_graph(std::string_view key, std::string_view settings_json) {
  JobGraph graph{.key = std::string(key), .name = {}, .tasks = {}};
  boost::system::error_code error;
  const json::value settings = json::parse(settings_json, error);
  if (error || !settings.is_object()) {
    return graph;
  }
  graph.name = text_at(settings.get_object(), "name");
  for (const json::value& task : array_at(settings.get_object(), "tasks")) {
    if (task.is_object() && !text_at(task.get_object(), "task_key").empty()) {
      graph.tasks.push_back(read_task(task.get_object()));
    }
  }
  return graph;
}

std::string to_tree(const JobGraph& graph) {
  std::vector<TaskPlace> places;
  for (const GraphTask& task : graph.tasks) {
    places.push_back({.key = task.key, .depends_on = {}});
    for (const GraphEdge& edge : task.depends_on) {
      places.back().depends_on.push_back(edge.from);
    }
  }
  const std::vector<TaskLine> lines = lay_out(places);
  const auto left = [&](const TaskLine& line) {
    return "  " + line.branch + printable(graph.tasks[line.task].key) + line.others;
  };
  std::size_t widest = 0;
  for (const TaskLine& line : lines) {
    widest = std::max(widest, width_of(left(line)));
  }
  std::string text = printable(graph.key) + ": " + printable(graph.name) + "\n";
  for (const TaskLine& line : lines) {
    const GraphTask& task = graph.tasks[line.task];
    std::string right = task.kind + (task.what.empty() ? "" : ": " + task.what);
    for (const std::string& remark : {outcomes_of(task), task.run_if}) {
      right += remark.empty() ? "" : "  [" + remark + "]";
    }
    const std::string padding(widest - width_of(left(line)) + 2, ' ');
    text += left(line) + padding + right + "\n";
  }
  return text;
}

std::string to_mermaid(const JobGraph& graph) {
  std::map<std::string_view, std::size_t> numbers;
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) {
    numbers.emplace(graph.tasks[i].key, i);
  }
  const auto node = [](std::size_t number) { return "t" + std::to_string(number); };
  std::string text = "flowchart TD\n";
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) {
    const GraphTask& task = graph.tasks[i];
    const bool is_condition = task.kind == "condition_task";
    const std::string label =
        label_text(task.key) + (task.what.empty() ? "" : "<br/>" + label_text(task.what));
    text += "  " + node(i) + (is_condition ? "{\"" : "[\"") + label +
            (is_condition ? "\"}" : "\"]") + "\n";
  }
  for (std::size_t i = 0; i < graph.tasks.size(); ++i) {
    const GraphTask& task = graph.tasks[i];
    for (const GraphEdge& edge : task.depends_on) {
      const auto from = numbers.find(edge.from);
      if (from == numbers.end()) {
        continue;
      }
      const std::string words = !edge.outcome.empty() ? edge.outcome : label_text(task.run_if);
      text += "  " + node(from->second) + (words.empty() ? " --> " : " -->|" + words + "| ") +
              node(i) + "\n";
    }
  }
  return text;
}

json::object to_json(const JobGraph& graph) {
  json::array tasks;
  for (const GraphTask& task : graph.tasks) {
    json::array edges;
    for (const GraphEdge& edge : task.depends_on) {
      json::object object{{"task_key", edge.from}};
      if (!edge.outcome.empty()) {
        object["outcome"] = edge.outcome;
      }
      edges.push_back(std::move(object));
    }
    tasks.push_back({{"task_key", task.key},
                     {"kind", task.kind},
                     {"what", task.what},
                     {"run_if", task.run_if.empty() ? "ALL_SUCCESS" : task.run_if},
                     {"depends_on", std::move(edges)}});
  }
  return {{"name", graph.name}, {"tasks", std::move(tasks)}};
}

}  // namespace sheaf::cli
