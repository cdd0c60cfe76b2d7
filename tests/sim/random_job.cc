#include "tests/sim/random_job.h"

#include <array>
#include <vector>

#include "tests/sim/deployed_files.h"
#include "tests/sim/equipment.h"

namespace sheaf::sim {
namespace {

/// More runs than a job ever has at once.
constexpr int kRoomForAll = 1'000;

enum class TaskKind { kCommand, kCondition, kForEach, kRunJob };

/// What of a task the tasks after it must know.
struct Earlier {
  std::string key;
  TaskKind kind = TaskKind::kCommand;
};

/// A task under construction.
struct Draft {
  Dice& dice;
  std::string key;
  const std::vector<const Earlier*>& upstream;
  std::vector<std::string>& linkable;  ///< Jobs that the rest of the job may start.
  bool is_inner = false;               ///< Of a for-each task.
  bool has_fields = false;             ///< Its inputs are maps with a field `f`.
};

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

/// The value `name` of a task upstream, where there is one that runs a process.
std::string reference_or(const Draft& draft,
                         const std::string& otherwise,
                         const std::string& name = "k") {
  for (const Earlier* earlier : draft.upstream) {
    if (earlier->kind == TaskKind::kCommand) {
      return "{{tasks." + earlier->key + ".values." + name + "}}";
    }
  }
  return otherwise;
}

/// A text of which the task makes an argument.
std::string argument(const Draft& draft) {
  if (draft.is_inner && draft.dice.chance(70)) {
    return draft.has_fields ? "{{input.f}}" : "{{input}}";
  }
  if (draft.dice.chance(20)) {
    return "{{job.parameters.p}}";
  }
  return draft.dice.chance(35) ? reference_or(draft, "none") : "none";
}

std::string retries(Dice& dice, std::size_t limit = 4) {
  std::string text;
  if (dice.chance(50)) {
    text += ",\"max_retries\":" + std::to_string(dice.below(limit));
  }
  if (dice.chance(30)) {
    text += ",\"min_retry_interval_millis\":" + std::to_string(dice.below(60) * 1'000);
  }
  if (dice.chance(40)) {
    text += ",\"timeout_seconds\":" + std::to_string(1 + dice.below(900));
  }
  return text;
}

std::string repeats_timeouts(Dice& dice) {
  return dice.chance(30) ? ",\"retry_on_timeout\":true" : "";
}

/// Ends that are worth another attempt; at least one.
std::string random_filter(Dice& dice) {
  std::string ends;
  for (const char* end : {"1", "2", "137", "\"LOST\"", "\"TIMEOUT\"", "\"OOM\""}) {
    ends += dice.chance(40) ? std::string(ends.empty() ? "" : ",") + end : "";
  }
  return "[" + (ends.empty() ? "1" : ends) + "]";
}

/// The members of the block `sheaf` that say when a task is tried again.
std::string repeats(Dice& dice, bool has_filter) {
  std::string retry;
  if (dice.chance(20)) {
    const std::size_t first = 1 + dice.below(20);
    retry += ",\"backoff\":{\"initial_seconds\":" + std::to_string(first) +
             ",\"max_seconds\":" + std::to_string(first + dice.below(100)) + "}";
  }
  retry += has_filter ? ",\"only_on\":" + random_filter(dice) : "";
  std::string text = retry.empty() ? "" : ",\"retry\":{" + retry.substr(1) + "}";
  if (dice.chance(15)) {
    text += ",\"max_lost\":" + std::to_string(dice.below(3));
  }
  return text;
}

/// The members of a task's block `sheaf` that say what it needs of its worker.
std::string needs(Dice& dice) {
  std::string text;
  if (dice.chance(15)) {
    const std::string cpu = std::to_string(1 + dice.below(equipment::kMostCores));
    const std::string memory = std::to_string(1 + dice.below(equipment::kMostGibibytes));
    const std::string gpus = std::to_string(dice.below(equipment::kMostGpus + 1));
    text += ",\"resources\":{\"cpu\":" + cpu + ",\"memory\":\"" + memory +
            "GiB\",\"gpus\":" + gpus + "}";
  }
  if (dice.chance(8)) {
    text += ",\"labels\":[" + quoted(dice.pick(equipment::kLabels)) + "]";
  }
  if (dice.chance(15)) {
    text += ",\"pool\":" + quoted(dice.pick(equipment::kPools));
  }
  return text;
}

/// The block `sheaf` of members that each begin with a comma.
std::string sheaf_block(const std::string& members) {
  return members.empty() ? "" : ",\"sheaf\":{" + members.substr(1) + "}";
}

std::string command(const Draft& draft) {
  Dice& dice = draft.dice;
  const bool has_filter = dice.chance(15);  // It says itself whether timeouts are repeated.
  return "\"command_task\":{\"command\":[\"work\"," + quoted(argument(draft)) + "]}" +
         retries(dice) + (has_filter ? "" : repeats_timeouts(dice)) +
         sheaf_block(needs(dice) + repeats(dice, has_filter));
}

std::string condition(const Draft& draft) {
  std::string left = draft.is_inner && draft.dice.chance(50) ? argument(draft)
                     : draft.dice.chance(30)                 ? reference_or(draft, "1")
                                                             : std::string("1");
  std::string op = "EQUAL_TO";
  if (draft.dice.chance(10)) {
    left = "no number";
    op = "GREATER_THAN";
  }
  const std::string right = draft.dice.chance(50) ? "1" : "2";
  return "\"condition_task\":{\"op\":" + quoted(op) + ",\"left\":" + quoted(left) +
         ",\"right\":" + quoted(right) + "}";
}

/// Another job of the bundle, or this one. Only one task of a job has a link, so that the runs do
/// not multiply without end.
std::string run_job(const Draft& draft) {
  if (draft.linkable.empty()) {
    return command(draft);
  }
  const std::string child = draft.dice.pick(draft.linkable);
  draft.linkable.clear();
  std::string text = "\"run_job_task\":{\"job_id\":\"${resources.jobs." + child + ".id}\"";
  if (draft.dice.chance(40)) {
    text += std::string(",\"job_parameters\":{") +
            (draft.dice.chance(70) ? "\"p\"" : "\"undeclared\"") + ":\"from " + draft.key + "\"}";
  }
  return text + "}" + retries(draft.dice, draft.is_inner ? 1 : 2) + repeats_timeouts(draft.dice);
}

std::size_t input_count(Dice& dice) {
  const std::size_t thrown = dice.below(100);
  return thrown < 60   ? dice.below(5)
         : thrown < 90 ? 5 + dice.below(11)
         : thrown < 98 ? 16 + dice.below(25)
                       : 41 + dice.below(80);
}

/// A JSON array as the text of a JSON document, its quotes escaped.
std::string literal_inputs(Dice& dice, std::size_t count, bool has_fields) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    text += i == 0 ? "" : ",";
    if (has_fields) {
      text += R"({\"f\":\"of )" + number + R"(\",\"g\":)" + number + "}";
    } else {
      text += dice.chance(50) ? number : R"(\"in )" + number + R"(\")";
    }
  }
  return "[" + text + "]";
}

/// Where a for-each task has its inputs: in its text, in values of a task before it, or in a file.
/// Members of its block, and of its block `sheaf` with a comma before.
struct Inputs {
  std::string member;
  std::string sheaf;
};

Inputs inputs_text(const std::string& text) {
  return {.member = "\"inputs\":" + quoted(text) + ",", .sheaf = ""};
}

Inputs random_inputs(const Draft& draft, std::size_t count, bool has_fields) {
  Dice& dice = draft.dice;
  if (dice.chance(25)) {
    const char* path = has_fields        ? deployed_files::kMaps
                       : dice.chance(70) ? deployed_files::kPaths.front()
                                         : dice.pick(deployed_files::kPaths);
    return {.member = "", .sheaf = ",\"inputs_file\":" + quoted(path)};
  }
  std::string inputs = literal_inputs(dice, count, has_fields);
  if (!has_fields && dice.chance(30)) {
    inputs = reference_or(draft, inputs, dice.chance(85) ? "list" : "k");
  }
  return inputs_text(inputs);
}

std::string stream_mode(Dice& dice) {
  return std::string(",\"mode\":\"stream\"") +
         (dice.chance(70) ? ",\"chunk\":" + std::to_string(1 + dice.below(12)) : "");
}

std::string for_each(const Draft& draft) {
  Dice& dice = draft.dice;
  const bool has_fields = dice.chance(25);
  const bool starts_runs = dice.chance(8) && !draft.linkable.empty();
  const std::size_t count = starts_runs ? dice.below(3) : input_count(dice);
  const Inputs inputs = starts_runs ? inputs_text(literal_inputs(dice, count, has_fields))
                                    : random_inputs(draft, count, has_fields);
  const bool is_stream = !starts_runs && dice.chance(45);
  const Draft inner{.dice = dice,
                    .key = draft.key + "_each",
                    .upstream = draft.upstream,
                    .linkable = draft.linkable,
                    .is_inner = !is_stream,  // No input has a name in a stream.
                    .has_fields = has_fields};
  const std::string action = starts_runs                     ? run_job(inner)
                             : !is_stream && dice.chance(10) ? condition(inner)
                                                             : command(inner);
  return "\"for_each_task\":{" + inputs.member +
         "\"concurrency\":" + std::to_string(1 + dice.below(dice.chance(70) ? 4 : 30)) +
         sheaf_block(inputs.sheaf + (is_stream ? stream_mode(dice) : "")) +
         ",\"task\":{\"task_key\":" + quoted(inner.key) + "," + action + "}}";
}

struct Kind {
  TaskKind kind;
  std::size_t weight;
  std::string (*write)(const Draft& draft);
};

constexpr std::array<Kind, 4> kKinds{{
    {TaskKind::kCommand, 72, command},
    {TaskKind::kCondition, 14, condition},
    {TaskKind::kForEach, 7, for_each},
    {TaskKind::kRunJob, 8, run_job},
}};

const Kind& pick_kind(Dice& dice) {
  std::size_t total = 0;
  for (const Kind& kind : kKinds) {
    total += kind.weight;
  }
  std::size_t thrown = dice.below(total);
  for (const Kind& kind : kKinds) {
    if (thrown < kind.weight) {
      return kind;
    }
    thrown -= kind.weight;
  }
  return kKinds.back();
}

std::string run_if(Dice& dice) {
  static constexpr std::array<const char*, 6> kAll{"ALL_SUCCESS",
                                                   "AT_LEAST_ONE_SUCCESS",
                                                   "NONE_FAILED",
                                                   "ALL_DONE",
                                                   "AT_LEAST_ONE_FAILED",
                                                   "ALL_FAILED"};
  return dice.chance(45) ? "" : ",\"run_if\":" + quoted(dice.pick(kAll));
}

std::string random_task(Dice& dice,
                        std::vector<std::string>& linkable,
                        std::vector<Earlier>& earlier) {
  std::vector<const Earlier*> upstream;
  std::string depends;
  for (const Earlier& task : earlier) {
    if (!dice.chance(30) || upstream.size() == 4) {
      continue;
    }
    upstream.push_back(&task);
    std::string edge = "{\"task_key\":" + quoted(task.key);
    if (task.kind == TaskKind::kCondition && dice.chance(80)) {
      edge += std::string(",\"outcome\":") + (dice.chance(50) ? "\"true\"" : "\"false\"");
    }
    depends += (depends.empty() ? "" : ",") + edge + "}";
  }
  const Kind& kind = pick_kind(dice);
  const std::string key = "t" + std::to_string(earlier.size());
  const std::string text =
      "{\"task_key\":" + quoted(key) + ",\"depends_on\":[" + depends + "]" + run_if(dice) +
      (dice.chance(5) ? ",\"disabled\":true" : "") + "," +
      kind.write({.dice = dice, .key = key, .upstream = upstream, .linkable = linkable}) + "}";
  earlier.push_back({.key = key, .kind = kind.kind});
  return text;
}

std::string schedule(Dice& dice, Season season) {
  static constexpr std::array<const char*, 3> kExpressions{
      "0 */10 * * * ?", "30 */4 * * * ?", "7 5/20 * * * ?"};
  return ",\"schedule\":{\"timezone_id\":\"UTC\",\"quartz_cron_expression\":" +
         quoted(dice.pick(kExpressions)) +
         (season == Season::kQuiet || dice.chance(10) ? ",\"pause_status\":\"PAUSED\"" : "") + "}";
}

}  // namespace

std::string random_job(Dice& dice, const JobPlan& plan) {
  const Season season = plan.season;
  std::vector<std::string> linkable = plan.linkable;
  std::vector<Earlier> earlier;
  std::string tasks;
  const std::size_t count = 1 + dice.below(9);
  while (earlier.size() < count) {
    tasks += (tasks.empty() ? "" : ",") + random_task(dice, linkable, earlier);
  }
  const std::size_t least = season == Season::kQuiet || dice.chance(95) ? 1 : 0;
  std::string text = "{\"name\":" + quoted(plan.name) +
                     R"(,"parameters":[{"name":"p","default":"of )" + plan.name +
                     R"("}],"tasks":[)" + tasks + "],\"max_concurrent_runs\":" +
                     std::to_string(plan.has_room ? kRoomForAll
                                    : least == 0  ? 0
                                                  : 1 + dice.below(4));
  if (dice.chance(20)) {
    text += ",\"queue\":{\"enabled\":false}";
  }
  if (dice.chance(25)) {
    text += ",\"timeout_seconds\":" + std::to_string(60 + dice.below(3'000));
  }
  if (dice.chance(30)) {
    text += ",\"sheaf\":{\"priority\":" + std::to_string(dice.below(5)) + "}";
  }
  if (dice.chance(40)) {
    text += schedule(dice, season);
  }
  return text + "}";
}

}  // namespace sheaf::sim
