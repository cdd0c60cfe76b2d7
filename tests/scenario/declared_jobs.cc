#include "tests/scenario/declared_jobs.h"

#include <map>

#include "common/base/check.h"
#include "tests/scenario/words.h"

namespace sheaf::scenario {
namespace {

using model::ConditionOperator;
using model::RunIf;

RunIf parse_run_if(const std::string& text) {
  static const std::map<std::string, RunIf> kNames = {
      {"ALL_SUCCESS", RunIf::kAllSuccess},
      {"AT_LEAST_ONE_SUCCESS", RunIf::kAtLeastOneSuccess},
      {"NONE_FAILED", RunIf::kNoneFailed},
      {"ALL_DONE", RunIf::kAllDone},
      {"AT_LEAST_ONE_FAILED", RunIf::kAtLeastOneFailed},
      {"ALL_FAILED", RunIf::kAllFailed}};
  const auto found = kNames.find(text);
  SHEAF_CHECK(found != kNames.end(), "not a run_if: " + text);
  return found->second;
}

ConditionOperator parse_operator(const std::string& text) {
  static const std::map<std::string, ConditionOperator> kNames = {
      {"EQUAL_TO", ConditionOperator::kEqualTo},
      {"NOT_EQUAL", ConditionOperator::kNotEqual},
      {"GREATER_THAN", ConditionOperator::kGreaterThan},
      {"LESS_THAN", ConditionOperator::kLessThan}};
  const auto found = kNames.find(text);
  SHEAF_CHECK(found != kNames.end(), "not an operator: " + text);
  return found->second;
}

void add_dependencies(tests::TaskBuilder& task, const Words& words) {
  for (const std::string& dependency : words.list("after")) {
    const auto parts = split(dependency, ':');
    if (parts.size() == 1) {
      task.after(parts[0]);
    } else {
      task.after(parts[0], parts[1] == "true");
    }
  }
  if (words.has("run_if")) {
    task.run_if(parse_run_if(words.option("run_if")));
  }
}

tests::TaskBuilder declared_task(const Words& words) {
  tests::TaskBuilder task = tests::a_task(words.word(0));
  add_dependencies(task, words);
  if (words.verb() == "condition") {
    task.condition(words.option("left"), parse_operator(words.option("op")), words.option("right"));
    return task;
  }
  SHEAF_CHECK(words.verb() == "task", "not a task: " + words.verb());
  task.retries(static_cast<int>(words.number("retries", 0)));
  task.retry_interval(parse_duration(words.option("interval", "0s")));
  task.timeout(std::chrono::duration_cast<std::chrono::seconds>(
      parse_duration(words.option("timeout", "0s"))));
  if (words.has("retry_on_timeout")) {
    task.retry_on_timeout();
  }
  if (words.has("disabled")) {
    task.disabled();
  }
  if (words.has("argument")) {
    task.argument(words.option("argument"));
  }
  if (words.has("for_each")) {
    task.for_each(words.option("for_each"),
                  tests::a_task("each").argument("{{input}}"),
                  static_cast<int>(words.number("concurrency", 1)));
  }
  if (words.has("stream")) {
    task.for_each(words.option("stream"),
                  tests::a_task("each").retries(static_cast<int>(words.number("retries", 0))),
                  static_cast<int>(words.number("concurrency", 1)));
    task.stream(static_cast<int>(words.number("chunk", limits::kDefaultStreamChunk)));
    task.retries(0);
  }
  if (words.has("starts")) {
    task.starts(words.option("starts"));
  }
  return task;
}

tests::JobBuilder declared_job(const Words& words) {
  tests::JobBuilder job = tests::a_job(words.word(0));
  job.concurrent(words.number("concurrent", 1));
  job.timeout(std::chrono::duration_cast<std::chrono::seconds>(
      parse_duration(words.option("timeout", "0s"))));
  if (words.has("no-queue")) {
    job.without_queue();
  }
  if (words.has("schedule")) {
    job.schedule(words.option("schedule"));
  }
  if (words.has("paused")) {
    job.paused();
  }
  if (words.has("hook")) {
    job.hook(words.option("hook"));
  }
  if (words.has("on_failure")) {
    job.alert_on_failure(words.option("on_failure"));
  }
  if (words.has("on_success")) {
    job.alert_on_success(words.option("on_success"));
  }
  if (words.has("parameter")) {
    const auto parts = split(words.option("parameter"), ':');
    job.parameter(parts.at(0), parts.at(1));
  }
  return job;
}

}  // namespace

std::vector<tests::JobBuilder> declared_jobs(const std::vector<std::string>& lines) {
  std::vector<tests::JobBuilder> jobs;
  for (const std::string& line : lines) {
    const Words words(line);
    if (words.verb() == "job") {
      jobs.push_back(declared_job(words));
    } else {
      SHEAF_CHECK(!jobs.empty(), "a task stands before its job");
      jobs.back().task(declared_task(words));
    }
  }
  return jobs;
}

}  // namespace sheaf::scenario
