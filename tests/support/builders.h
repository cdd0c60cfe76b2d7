// Builders of model values for tests: a_job("wine").task(a_task("train").after("prep").retries(2)).
#pragma once

#include <string>
#include <utility>

#include "common/model/job_settings.h"

namespace sheaf::tests {

class TaskBuilder {
 public:
  explicit TaskBuilder(std::string key);

  TaskBuilder& after(std::string key);
  TaskBuilder& after(std::string key, bool outcome);
  TaskBuilder& retries(int count);
  TaskBuilder& retry_interval(Milliseconds interval);
  TaskBuilder& retry_on_timeout();
  TaskBuilder& timeout(std::chrono::seconds timeout);
  TaskBuilder& run_if(model::RunIf run_if);
  TaskBuilder& resources(model::ResourceRequest request);
  TaskBuilder& pool(std::string name);
  TaskBuilder& disabled();
  TaskBuilder& notebook(std::string path);
  TaskBuilder& argument(std::string argument);
  TaskBuilder& condition(std::string left, model::ConditionOperator op, std::string right);
  TaskBuilder& for_each(std::string inputs, const TaskBuilder& task, int concurrency = 1);
  TaskBuilder& for_each_line(std::string file, const TaskBuilder& task, int concurrency = 1);
  /// Makes the for-each task a stream.
  TaskBuilder& stream(int chunk = limits::kDefaultStreamChunk);
  TaskBuilder& starts(JobId job);
  TaskBuilder& starts(std::string resource_key, model::NamedStrings parameters = {});
  TaskBuilder& backoff(Milliseconds first, Milliseconds longest);
  TaskBuilder& retry_only_on(model::RetryFilter filter);
  TaskBuilder& max_lost(int count);

  [[nodiscard]] const model::TaskSettings& build() const { return task_; }

 private:
  model::TaskSettings task_;
};

class JobBuilder {
 public:
  explicit JobBuilder(std::string name);

  JobBuilder& task(const TaskBuilder& task);
  JobBuilder& parameter(std::string name, std::string default_value);
  JobBuilder& concurrent(std::int64_t runs);
  JobBuilder& without_queue();
  JobBuilder& priority(int priority);
  JobBuilder& timeout(std::chrono::seconds timeout);
  JobBuilder& schedule(std::string expression);
  JobBuilder& paused();
  JobBuilder& hook(std::string name);
  JobBuilder& alert_on_failure(std::string destination);
  JobBuilder& alert_on_success(std::string destination);

  [[nodiscard]] const model::JobSettings& build() const { return job_; }

 private:
  model::JobSettings job_;
};

[[nodiscard]] TaskBuilder a_task(std::string key);
[[nodiscard]] JobBuilder a_job(std::string name);

}  // namespace sheaf::tests
