#include "tests/sim/random_job.h"

#include <array>
#include <vector>

namespace sheaf::sim {
namespace {

enum class TaskKind { kCommand, kCondition };

/// What of a task the tasks after it must know.
struct Earlier {
  std::string key;
  TaskKind kind = TaskKind::kCommand;
};

/// A task under construction.
struct Draft {
  Dice& dice;
  const std::vector<const Earlier*>& upstream;
};

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

/// The value of a task upstream, where there is one that runs a process.
std::string reference_or(const Draft& draft, const std::string& otherwise) {
  for (const Earlier* earlier : draft.upstream) {
    if (earlier->kind == TaskKind::kCommand) {
      return "{{tasks." + earlier->key + ".values.k}}";
    }
  }
  return otherwise;
}

std::string retries(Dice& dice) {
  std::string text;
  if (dice.chance(50)) {
    text += ",\"max_retries\":" + std::to_string(dice.below(4));
  }
  if (dice.chance(30)) {
    text += ",\"min_retry_interval_millis\":" + std::to_string(dice.below(60) * 1'000);
  }
  if (dice.chance(40)) {
    text += ",\"timeout_seconds\":" + std::to_string(1 + dice.below(900));
  }
  if (dice.chance(30)) {
    text += ",\"retry_on_timeout\":true";
  }
  return text;
}

std::string command(const Draft& draft) {
  const std::string argument =
      draft.dice.chance(35) ? reference_or(draft, "none") : std::string("none");
  const std::string disabled = draft.dice.chance(5) ? ",\"disabled\":true" : "";
  return "\"command_task\":{\"command\":[\"work\"," + quoted(argument) + "]}" + disabled +
         retries(draft.dice);
}

std::string condition(const Draft& draft) {
  std::string left = draft.dice.chance(30) ? reference_or(draft, "1") : std::string("1");
  std::string op = "EQUAL_TO";
  if (draft.dice.chance(10)) {
    left = "no number";
    op = "GREATER_THAN";
  }
  const std::string right = draft.dice.chance(50) ? "1" : "2";
  return "\"condition_task\":{\"op\":" + quoted(op) + ",\"left\":" + quoted(left) +
         ",\"right\":" + quoted(right) + "}";
}

struct Kind {
  TaskKind kind;
  std::size_t weight;
  std::string (*write)(const Draft& draft);
};

constexpr std::array<Kind, 2> kKinds{{
    {TaskKind::kCommand, 80, command},
    {TaskKind::kCondition, 20, condition},
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

std::string random_task(Dice& dice, std::vector<Earlier>& earlier) {
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
  const std::string text = "{\"task_key\":" + quoted(key) + ",\"depends_on\":[" + depends + "]" +
                           run_if(dice) + "," + kind.write({.dice = dice, .upstream = upstream}) +
                           "}";
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

std::string random_job(Dice& dice, const std::string& name, Season season) {
  std::vector<Earlier> earlier;
  std::string tasks;
  const std::size_t count = 1 + dice.below(9);
  while (earlier.size() < count) {
    tasks += (tasks.empty() ? "" : ",") + random_task(dice, earlier);
  }
  const std::size_t least = season == Season::kQuiet || dice.chance(95) ? 1 : 0;
  std::string text =
      "{\"name\":" + quoted(name) + ",\"tasks\":[" + tasks +
      "],\"max_concurrent_runs\":" + std::to_string(least == 0 ? 0 : 1 + dice.below(4));
  if (dice.chance(20)) {
    text += ",\"queue\":{\"enabled\":false}";
  }
  if (dice.chance(25)) {
    text += ",\"timeout_seconds\":" + std::to_string(60 + dice.below(3'000));
  }
  if (dice.chance(40)) {
    text += schedule(dice, season);
  }
  return text + "}";
}

}  // namespace sheaf::sim
